/**
 * Five motives, five rates: what is concealed out of self-interest, on instruction, to spare harm, out of kindness, under
 * threat. A drop in one and a rise in another is no drop.
 *
 *   npx ts-node -T experiments/llm/motives.ts results/llm/organism   # a folder of `soo study run`
 *
 * The figure is charts/motives.png in that folder.
 */
import { join } from 'node:path';
import { report, studies } from '../../lib';

const [folder] = process.argv.slice(2);
const results = studies.honesty.readStudyResults(join(folder, 'results.json'));

for (const [arm, { motives }] of Object.entries(results.arms)) {
  const rates = Object.entries(motives).map(
    ([motive, { rates }]) => `${motive} ${rates ? (100 * rates.deceptive.share).toFixed(1) : '-'}`,
  );
  console.log(`${arm}: ${rates.join(', ')}`);
}

const material = report.studyMaterial(folder, results);
void report.writeStudyFigure('motives', results, folder, material).then(({ path }) => console.log(path));
