import t from 'tap';
import { fuzzing, runChild } from './child-runs';

// Every function of the raw addon, and some operators, with any JavaScript value in any place: it answers or throws one line.

interface Report {
  functions: number;
  answered: number;
  refused: number;
}

const { calls, seed } = fuzzing(60);

t.test('no function of the addon ends the process, whatever it is given', { timeout: 0 }, async (t) => {
  const deaths: string[] = [];
  let report: Report | null = null;
  for (let first = 0; report === null;) {
    const { line, place, death } = await runChild('native-child.ts', [String(seed), String(calls), String(first)]);
    if (death === null) {
      report = JSON.parse(line) as Report;
      continue;
    }
    const [at = '', call = '', name = ''] = place.split(' ');
    if (name === '') throw new Error(`the child did not start: ${death}`);
    deaths.push(`${name}: ${death}, seed ${seed}, call ${call}`);
    first = Number(at) + 1;
  }
  t.same(deaths, []);
  const { functions, answered, refused } = report;
  t.comment(`${functions} functions, ${answered + refused} calls, ${answered} of them answered`);
  t.ok(functions > 100, `${functions} functions`);
  t.ok(answered > 0.1 * refused, `${answered} answered, ${refused} refused`);
});
