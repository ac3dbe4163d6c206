import t from 'tap';
import { fuzzing, runChild } from './child-runs';

// Every operator with arguments of the right kinds and random values: it works or throws. A call that ends the process
// or does not end is reported with the operator, the seed and the arguments, and the run goes on behind that operator.

interface Report {
  callable: number;
  listed: number;
  answered: number;
  refused: number;
  undeclared: string[];
}

const MOST_DEATHS = 5;
const { calls, seed } = fuzzing(6);

async function argumentsOf(name: string, call: string): Promise<string> {
  const pattern = `^${name.replace(/[.]/g, '\\.')}$`;
  const { line } = await runChild('operator-child.ts', [
    String(seed),
    String(Number(call) + 1),
    pattern,
    '0',
    call,
    'show',
  ]);
  return line;
}

t.test('no operator ends the process, whatever it is given', { timeout: 0 }, async (t) => {
  const deaths: string[] = [];
  let report: Report | null = null;
  for (let first = 0; report === null && deaths.length < MOST_DEATHS;) {
    const { line, place, death } = await runChild('operator-child.ts', [
      String(seed),
      String(calls),
      '',
      String(first),
    ]);
    if (death === null) {
      report = JSON.parse(line) as Report;
      continue;
    }
    const [at = '', call = '', name = ''] = place.split(' ');
    if (name === '') throw new Error(`the child did not start: ${death}`);
    deaths.push(`${name}: ${death}, seed ${seed}, call ${call}: ${await argumentsOf(name, call)}`);
    first = Number(at) + 1;
  }
  t.same(deaths, []);
  if (report === null) return;
  const { callable, answered, refused, undeclared } = report;
  t.comment(`${callable} overloads, ${answered + refused} calls, ${answered} of them worked`);
  t.same(undeclared, [], 'what draws random numbers is known to');
  t.ok(callable >= 3000, `${callable} overloads are callable`);
  if (deaths.length === 0) t.equal(answered + refused, callable * calls);
  // Fewer would mean that the calls stop at the first check.
  t.ok(answered > refused / 4, `${answered} calls worked, ${refused} were refused`);
});
