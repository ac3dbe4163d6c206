/**
 * The classification curve: how often the honest agent's overlap value is the lower one, by episodes looked at.
 *
 *   npx ts-node -T experiments/rl/classification-curve.ts deceptive honest --out results/classification
 *
 * `deceptive` and `honest` are folders of `soo rl train`. The figure is charts/classification.png in --out.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { report, rl, studies, training } from '../../lib';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } });
const [deceptive, honest] = positionals;
const out = values.out ?? 'results/classification';

const seeds = rl.CLASSIFICATION_SEEDS;
const after = rl.CLASSIFIED_AFTER;

/** Means of a folder's agent after 1, 100, ... 1500 episodes, for every seed. */
function meansOf(folder: string): rl.OverlapMeans {
  const trained = rl.openTrained(folder, rl.physicalDeception);
  const pair = rl.pairOf(trained);
  const { reward, config } = trained;
  const bySeed = seeds.map((seed) =>
    rl.overlapAfter(pair, { reward, episodeLength: config.episodeLength, seed, after }),
  );
  trained.agents.dispose();
  const forms = Object.keys(bySeed[0]) as rl.OverlapForm[];
  return Object.fromEntries(forms.map((form) => [form, bySeed.map((of) => of[form])])) as rl.OverlapMeans;
}

const classification = rl.classify({ deceptive: meansOf(deceptive), honest: meansOf(honest) }, { seeds, after });

console.table({
  "upstream's definition": classification.accuracy.overlap,
  'matched trap flags': classification.accuracy.overlapMatchedFlags,
});

mkdirSync(out, { recursive: true });
const results = studies.agents.writeRlResults(join(out, 'results.json'), {
  origin: training.originOf(join(__dirname, '../..'), process.argv),
  config: { deceptive, honest, seeds, after },
  classification,
});
void report.writeRlReport(results, out).then(({ charts }) => console.log(charts.join('\n')));
