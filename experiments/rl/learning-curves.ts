/**
 * The learning curves: what agents were paid while they learned, with intervals over trainings.
 *
 *   npx ts-node -T experiments/rl/learning-curves.ts results/rl/agents --out results/learning
 *
 * The folder is that of `npm run reproduce:rl`: a folder for each arm and seed. The figure is charts/learning.png in --out.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { report, rl, studies, training } from '../../lib';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } });
const agents = positionals[0] ?? 'results/rl/agents';
const out = values.out ?? 'results/learning';

const learning = rl.ARMS.flatMap((arm) => {
  const folders = readdirSync(agents).filter((name) => name.startsWith(`${arm}-`));
  const curves = rl.learningCurves(folders.map((name) => join(agents, name)));
  return Object.entries(curves).map(([agent, points]) => ({ arm, agent, points }));
});

for (const { arm, agent, points } of learning) {
  const { episodes, mean } = points[points.length - 1];
  console.log(`${arm}, ${agent}: paid ${mean.toFixed(1)} an episode at the end of ${episodes} episodes`);
}

mkdirSync(out, { recursive: true });
const results = studies.agents.writeRlResults(join(out, 'results.json'), {
  origin: training.originOf(join(__dirname, '../..'), process.argv),
  config: { agents },
  learning,
});
void report.writeRlReport(results, out).then(({ charts }) => console.log(charts.join('\n')));
