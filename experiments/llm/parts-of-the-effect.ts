/**
 * Which part of a drop any training has, which part seeing the prompts has, and which part self and other have.
 *
 *   npx ts-node -T experiments/llm/parts-of-the-effect.ts results/llm/organism   # a folder of `soo study run`
 *
 * The figure is charts/effect.png in that folder.
 */
import { join } from 'node:path';
import { report, studies } from '../../lib';

const [folder] = process.argv.slice(2);
const results = studies.honesty.readStudyResults(join(folder, 'results.json'));

for (const [part, measured] of Object.entries(results.effect)) {
  if (!measured) continue;
  const { change, ci95, n } = measured.deceptive;
  const points = [change, ...ci95].map((value) => (100 * value).toFixed(1));
  console.log(
    `${part}, ${measured.from} to ${measured.to}: ${points[0]} points [${points[1]}, ${points[2]}], ${n} pairs of answers`,
  );
}

const material = report.studyMaterial(folder, results);
void report.writeStudyFigure('effect', results, folder, material).then(({ path }) => console.log(path));
