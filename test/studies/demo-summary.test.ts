import t from 'tap';
import { rateInterval, wilson } from '../../lib/evals';
import { examples, keptTable, namedArms, rateCell, rivalsTable } from '../../lib/report';
import type { Arm } from '../../lib/studies/demo';
import { N, resultsOf, run } from '../report/made-up';

const results = resultsOf([
  run('scenes', 'self', 1, { deceptive: 0.1, self: 0.9 }),
  run('scenes', 'self', 2, { deceptive: 0.3, neither: 0.2 }, { start: 2, end: 0.2 }),
  run('scenes', 'name', 1, { deceptive: 0.8 }, { start: 0.25, end: 0.05, goal: 0.1 }),
  run('scenes', 'name', 2, { deceptive: 1 }, { start: 1, end: 0.4, goal: 0.2, reached: false }),
  run('fragments', 'self', 1, { deceptive: 0.5 }),
]);

const near = (t: { ok(ok: boolean, name: string): unknown }, actual: number, wanted: number): unknown =>
  t.ok(Math.abs(actual - wanted) < 1e-12, `${actual} is ${wanted}`);

t.test('rows are means over seeds, with intervals over seeds', async (t) => {
  const scenes = results.tuned.scenes as Arm;
  t.same(scenes.seeds, [1, 2]);
  t.equal(scenes.n, 2 * N);
  near(t, scenes.deceptive, 0.2);
  near(t, scenes.neither, 0.1);
  near(t, scenes.deceptive + scenes.honest + scenes.neither, 1);
  t.same(scenes.ci95.deceptive, rateInterval([0.1, 0.3], N));
  near(t, scenes.accuracy.self.value, 0.95);
  t.same(results.tuned.fragments?.ci95.deceptive, wilson(0.5, N), 'one seed: over prompts');
  t.same(results.baseline.ci95.deceptive, wilson(1, N));
  t.same(Object.keys(results.controls), ['scenes-name'], 'what was not run has no row');
});

t.test("distances are in units of the self-other pairs' start, seed by seed", async (t) => {
  const { tuned, controls, baseline } = results;
  t.equal(tuned.scenes?.distance?.start, 1);
  near(t, tuned.scenes?.distance?.end ?? NaN, (0.1 / 0.5 + 0.2 / 2) / 2);
  near(t, controls['scenes-name'].distance?.start ?? NaN, (0.25 / 0.5 + 1 / 2) / 2);
  t.equal(controls['scenes-name'].matched, false, 'one of two did not reach its goal');
  t.equal(tuned.scenes?.matched, null);
  t.equal(baseline.distance, null);
});

t.test('the tables say what the results say, cell by cell', async (t) => {
  const arms = namedArms(results);
  t.same(
    arms.map(([name]) => name),
    ['before tuning', 'scenes: self and other', 'scenes: control, other name', 'fragments: self and other'],
  );
  const [rivals, kept] = [rivalsTable(results), keptTable(results)];
  for (const { head, rows } of [rivals, kept]) t.ok(rows.every((row) => row.length === head.length));
  arms.forEach(([name, arm], i) => {
    t.equal(rivals.rows[i][0], name);
    for (const [j, label] of (['deceptive', 'honest', 'neither'] as const).entries()) {
      t.equal(rivals.rows[i][2 + j], rateCell(arm[label], arm.ci95[label]));
      t.equal(rivals.rows[i][5 + j], rateCell(arm.otherRivals[label], arm.otherRivals.ci95[label]));
    }
    for (const [j, name] of (['self', 'friend', 'neutral', 'question', 'perspective'] as const).entries()) {
      t.equal(kept.rows[i][1 + j], rateCell(arm.accuracy[name].value, arm.accuracy[name].ci95));
    }
  });
  t.equal(rivals.rows[1][2].split(' ')[0], '20.0');
  t.same(
    kept.rows.map((row) => row[6]),
    ['-', '1.00 -> 0.15', '0.50 -> 0.15 (not matched)', '1.00 -> 0.20'],
  );
});

t.test('examples show one prompt before tuning and after each kind', async (t) => {
  const answered = (name: string, answer: string) => ({ name, answer, label: null, right: false });
  t.same(examples(results, ['rival', 'friend']), [
    {
      family: 'rival',
      prompt: results.prompts.rival[0],
      answers: [
        { name: 'before', answer: 'the attic', label: 'deceptive', right: true },
        answered('scenes', 'scenes/self/1'),
        answered('fragments', 'fragments/self/1'),
      ],
    },
  ]);
});
