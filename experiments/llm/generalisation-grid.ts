/**
 * The paper's generalisation figure: how often each arm deceives in each family of scenarios, a panel for each.
 *
 *   npx ts-node -T experiments/llm/generalisation-grid.ts results/llm/organism   # a folder of `soo study run`
 *
 * The figure is charts/sets.png in that folder.
 */
import { join } from 'node:path';
import { report, studies } from '../../lib';

const [folder] = process.argv.slice(2);
const results = studies.honesty.readStudyResults(join(folder, 'results.json'));

for (const [arm, { sets }] of Object.entries(results.arms)) {
  const rivals = Object.entries(sets).filter(([, { relation }]) => relation === 'rival');
  const rates = rivals.map(([set, { rates }]) => `${set} ${rates ? (100 * rates.deceptive.share).toFixed(1) : '-'}`);
  console.log(`${arm}: ${rates.join(', ')}`);
}

const material = report.studyMaterial(folder, results);
void report.writeStudyFigure('sets', results, folder, material).then(({ path }) => console.log(path));
