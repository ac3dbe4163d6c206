/**
 * The paper's radar: MT-Bench by category. FastChat's files are looked for in `mt-bench/` of the study's folder: question.jsonl
 * and model_judgment/*_single.jsonl, as `soo mtbench judge` writes them.
 *
 *   npx ts-node -T experiments/llm/mt-bench-radar.ts results/llm/organism   # a folder of `soo study run`
 *
 * The figure is charts/mt-bench.png in that folder.
 */
import { join } from 'node:path';
import { report, studies } from '../../lib';

const [folder] = process.argv.slice(2);
const results = studies.honesty.readStudyResults(join(folder, 'results.json'));

const { mtBench } = report.studyMaterial(folder, results);
for (const [model, { average, ci95, n }] of Object.entries(mtBench ?? {})) {
  const interval = ci95 ? ` [${ci95.map((end) => end.toFixed(2)).join(', ')}]` : '';
  console.log(`${model}: ${average?.toFixed(2) ?? '-'}${interval} over ${n} judgments`);
}

const material = report.studyMaterial(folder, results);
void report.writeStudyFigure('mt-bench', results, folder, material).then(({ path }) => console.log(path));
