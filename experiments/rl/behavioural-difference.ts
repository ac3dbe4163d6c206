/**
 * The behavioural difference: how far apart the surfaces of deceptive moves are, for the tuned agent and its control.
 *
 *   npx ts-node -T experiments/rl/behavioural-difference.ts deceptive tuned control honest
 *
 * The four are folders of `soo rl train` and `soo rl finetune`; contours.ts draws the same numbers as
 * charts/differences.png.
 */
import { rl } from '../../lib';

const [deceptive, tuned, control, honest] = process.argv.slice(2);
const seeds = rl.EVALUATION_SEEDS;

/** By seed: the rates of deceptive moves at 100 by 100 thresholds, in percent of the steps with red in sight. */
function surfacesOf(folder: string): Float64Array[] {
  const trained = rl.openTrained(folder, rl.physicalDeception);
  const pair = rl.pairOf(trained);
  const { episodeLength } = trained.config;
  const surfaces = seeds.map((seed) => {
    const { clean } = rl.playSeed(pair, { reward: 'deceptive', episodes: 500, episodeLength, seed });
    const stepsInSight = clean.counts.stepsInSight.reduce((sum, steps) => sum + steps, 0);
    return rl.rates(rl.sweep(clean.moves), stepsInSight);
  });
  trained.agents.dispose();
  return surfaces;
}

const surfaces = {
  deceptive: surfacesOf(deceptive),
  tuned: surfacesOf(tuned),
  control: surfacesOf(control),
  honest: surfacesOf(honest),
};

function show(label: string, a: Float64Array[], b: Float64Array[]): void {
  const bySeed = a.map((surface, seed) => rl.difference(surface, b[seed]));
  const mean = bySeed.reduce((sum, value) => sum + value, 0) / bySeed.length;
  const deviation = Math.sqrt(bySeed.reduce((sum, value) => sum + (value - mean) ** 2, 0) / bySeed.length);
  console.log(`${label}: ${mean.toFixed(1)}, deviation ${deviation.toFixed(1)}`);
}

console.log('mean squared difference, in percent squared');
show('tuned and honest', surfaces.tuned, surfaces.honest);
show('tuned and deceptive', surfaces.tuned, surfaces.deceptive);
show('control and honest', surfaces.control, surfaces.honest);
show('control and deceptive', surfaces.control, surfaces.deceptive);
show('honest and deceptive', surfaces.honest, surfaces.deceptive);
