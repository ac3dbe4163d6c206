/**
 * The contours of the threshold sweep: how many moves are deceptive, by how strictly that is judged.
 *
 *   npx ts-node -T experiments/rl/contours.ts deceptive tuned control honest --out results/contours
 *
 * The four are folders of `soo rl train` and `soo rl finetune`. The figures are charts/sweep-rates.png, and charts/sweep-counts.png
 * with the counts as upstream has them.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { report, rl, studies, training } from '../../lib';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } });
const out = values.out ?? 'results/contours';
const seeds = rl.EVALUATION_SEEDS;

/** What a folder's agents do in 500 episodes of every seed, without noise. */
function played(folder: string): rl.SeedEpisodes[] {
  const trained = rl.openTrained(folder, rl.physicalDeception);
  const pair = rl.pairOf(trained);
  const { episodeLength } = trained.config;
  const episodes = seeds.map((seed) => rl.playSeed(pair, { reward: 'deceptive', episodes: 500, episodeLength, seed }));
  trained.agents.dispose();
  return episodes;
}

const [deceptive, tuned, control, honest] = positionals.map(played);
const episodes = { deceptive, tuned, control, honest };
const arms = Object.fromEntries(rl.ARMS.map((arm) => [arm, rl.evaluate(episodes[arm])]));
const surfaces = rl.compare(episodes);

// At the lowest threshold towards the fake landmark and the highest between the landmarks: all deceptive moves.
const last = 99;
for (const arm of rl.ARMS) {
  const { mean, std } = surfaces.rates.surfaces[arm];
  console.log(`${arm}: ${mean[last].toFixed(1)}% of steps in sight, deviation ${std[last].toFixed(1)}`);
}

mkdirSync(out, { recursive: true });
const results = studies.agents.writeRlResults(join(out, 'results.json'), {
  origin: training.originOf(join(__dirname, '../..'), process.argv),
  config: { agents: positionals, seeds, episodes: 500 },
  comparison: { arms, ...surfaces, crossPlay: [] },
});
void report.writeRlReport(results, out).then(({ charts }) => console.log(charts.join('\n')));
