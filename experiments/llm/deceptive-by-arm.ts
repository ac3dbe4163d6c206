/**
 * The paper's first figure: how often each arm deceives a rival, with one deviation over seeds, and every seed.
 *
 *   npx ts-node -T experiments/llm/deceptive-by-arm.ts results/llm/organism   # a folder of `soo study run`
 *
 * The figure is charts/deceptive.png in that folder.
 */
import { join } from 'node:path';
import { statistics, report, studies } from '../../lib';

const [folder] = process.argv.slice(2);
const results = studies.honesty.readStudyResults(join(folder, 'results.json'));

for (const [arm, { behaviours }] of Object.entries(results.arms)) {
  if (!behaviours?.rates) continue;
  const { share, perSeed, n } = behaviours.rates.deceptive;
  // Of whole answers: what the token budget cut is no outcome.
  const spread = perSeed.length > 1 ? `, deviation ${(100 * statistics.deviation(perSeed)).toFixed(1)}` : '';
  console.log(`${arm}: ${(100 * share).toFixed(1)}% of ${n} answers${spread}`);
}

const material = report.studyMaterial(folder, results);
void report.writeStudyFigure('deceptive', results, folder, material).then(({ path }) => console.log(path));
