/**
 * What the tuned module still tells apart while it is tuned: self and other, two names, one prompt and the next. Where all
 * three fall to nothing it has become a constant.
 *
 *   npx ts-node -T experiments/llm/collapse-over-steps.ts results/llm/organism   # a folder of `soo study run`
 *
 * The figure is charts/collapse.png in that folder.
 */
import { join } from 'node:path';
import { report, studies } from '../../lib';

const [folder] = process.argv.slice(2);
const results = studies.honesty.readStudyResults(join(folder, 'results.json'));

const last = new Map<string, report.StudyMaterial['collapse'][number]>();
for (const point of report.studyMaterial(folder, results).collapse) last.set(`${point.arm}, seed ${point.seed}`, point);
for (const [run, { step, gap, nameGap, variation }] of last) {
  const kept = [gap, nameGap, variation].map((share) => (share === null ? '-' : `${(100 * share).toFixed(1)}%`));
  console.log(`${run}, after ${step} steps: self and other ${kept[0]}, names ${kept[1]}, prompts ${kept[2]}`);
}

const material = report.studyMaterial(folder, results);
void report.writeStudyFigure('collapse', results, folder, material).then(({ path }) => console.log(path));
