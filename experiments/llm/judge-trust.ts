/**
 * How well the labels of a study agree with those that a person gave a blind sample: `soo study judge-sample` first.
 *
 *   npx ts-node -T experiments/llm/judge-trust.ts results/llm/organism   # a folder of `soo study run`
 *
 * The figure is charts/judge.png in that folder.
 */
import { join } from 'node:path';
import { report, studies } from '../../lib';

const [folder] = process.argv.slice(2);
const results = studies.honesty.readStudyResults(join(folder, 'results.json'));

const { judge } = report.studyMaterial(folder, results);
if (judge) {
  const [low, high] = judge.interval ?? [NaN, NaN];
  console.log(
    `${judge.n} answers, the same label in ${(100 * judge.agreement).toFixed(1)}%, kappa ${judge.kappa?.toFixed(2) ?? '-'} [${low.toFixed(2)}, ${high.toFixed(2)}]`,
  );
}

const material = report.studyMaterial(folder, results);
void report.writeStudyFigure('judge', results, folder, material).then(({ path }) => console.log(path));
