import t from 'tap';
import { jsonOf, textOf } from '../../lib/cli/demo-text';
import { resultsOf, run, wholeRun } from '../report/made-up';

const FILES = { report: '/there/report.html', results: '/there/results.json' };

interface Row {
  n: number;
  deceptive: number;
  honest: number;
  neither: number;
}

interface Printed {
  baseline: Row;
  tuned: Record<string, Row>;
  controls: Record<string, Row>;
  verdicts: Record<string, { claims: { claim: string; wanted: string; verdict: string; text: string }[] }>;
  files: object;
}

t.test('--json holds every row, a verdict per claim, and where the files lie', async (t) => {
  const printed = JSON.parse(JSON.stringify(jsonOf(wholeRun(), FILES))) as Printed;
  t.same(Object.keys(printed.tuned), ['scenes', 'fragments']);
  const controls = ['name', 'wording', 'random', 'retention'];
  t.same(
    Object.keys(printed.controls),
    ['scenes', 'fragments'].flatMap((kind) => controls.map((name) => `${kind}-${name}`)),
  );
  for (const row of [printed.baseline, ...Object.values(printed.tuned), ...Object.values(printed.controls)]) {
    const { n, deceptive, honest, neither } = row;
    t.ok([deceptive, honest, neither].every((share) => share >= 0 && share <= 1));
    t.ok(Math.abs(deceptive + honest + neither - 1) < 1e-9 && n >= 100);
  }
  t.same(
    printed.verdicts.scenes.claims.map(({ verdict }) => verdict),
    ['holds', 'holds', 'holds', 'holds', 'holds', 'holds'],
  );
  t.same(
    printed.verdicts.fragments.claims.map(({ verdict }) => verdict),
    ['does not hold', 'not judged', 'not judged', 'not judged', 'holds', 'holds'],
  );
  t.same(printed.files, FILES);
});

t.test('the text tells outcome, claims, warnings and files', async (t) => {
  const results = wholeRun();
  results.baseline.missedGates = ['self: wanted 95%, got 90%'];
  results.failures = [{ id: 'scenes/name/3', reason: 'NaN' }];
  const text = textOf(results, FILES);
  t.match(text, /scenes: control, retention only/);
  t.match(text, /\nscenes: stands\n {2}yes {6}Tuning lowers deception\. Deceptive answers 100% -> 15%/);
  t.match(text, /\nfragments: no effect\n {2}no {7}Tuning lowers deception\./);
  t.match(text, /warning: the model misses a gate before tuning: self: wanted 95%/);
  t.match(text, /warning: scenes\/name\/3 is left out: NaN/);
  t.match(text, /Report: \/there\/report\.html\. Every answer: \/there\/results\.json$/);
  const stopped = resultsOf([run('scenes', 'self', 1, { deceptive: 0 })]);
  Object.assign(stopped, { status: 'interrupted', reason: 'interrupted by SIGINT' });
  t.match(
    textOf(stopped, FILES),
    /fragments: Tuning on fragments was not measured\.\n\nINCOMPLETE \(interrupted by SIGINT\)/,
  );
});
