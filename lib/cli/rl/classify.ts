import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { originOf } from '../../training';
import {
  CLASSIFICATION_SEEDS,
  CLASSIFIED_AFTER,
  classify,
  overlapAfter,
  OVERLAP_FORMS,
  pairOf,
  type Classification,
  type OverlapForm,
  type OverlapMeans,
} from '../../rl';
import { percent } from '../../statistics';
import { checked, type Result } from '../command';
import { integer, integers } from '../options';
import { ROOT } from '../package-root';
import { startProgress } from '../progress';
import { table } from '../table';
import { SHOWN } from './measure-text';
import { agentsAt, writeRlFolder } from './report-folder';
import { withTrained, type DeceptionRun } from './trained-agents';

export const defaultThreads = 1;

const FORMS = Object.keys(OVERLAP_FORMS) as OverlapForm[];

const optionsSchema = z.object({
  deceptive: z.string().min(1, 'must name a folder'),
  honest: z.string().min(1, 'must name a folder'),
  episodes: z.number().default(1500),
  seeds: z.array(z.number()).default([...CLASSIFICATION_SEEDS]),
  out: z.string().min(1, 'must name a folder').optional(),
});

export function define(command: Command): void {
  command
    .requiredOption('--deceptive <dir>', 'folder of agents trained with the deceptive reward')
    .requiredOption('--honest <dir>', 'folder of agents trained with the honest reward')
    .option('--episodes <n>', 'episodes after which it is judged last (default: 1500)', integer({ min: 1, max: 1e6 }))
    .option('--seeds <list...>', 'draw the episodes (default: ten)', integers({ min: 0, max: 1e9 }))
    .option('--out <dir>', 'gets results.json, report.html and charts/');
}

/** `soo rl classify`: can a deceptive agent be told from an honest one by their overlap? */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const { deceptive, honest, episodes, seeds, out } = checked(optionsSchema, given);
  const origin = originOf(ROOT, ['soo', 'rl', 'classify', ...process.argv.slice(4)]);
  const after = [...new Set([...CLASSIFIED_AFTER.filter((count) => count < episodes), episodes])];
  const result = await withTrained({ deceptive, honest }, async (runs) => {
    const progress = startProgress('rl classify', 2 * seeds.length);
    try {
      const means = {
        deceptive: await meansOf(runs.deceptive, { seeds, after }, (done) => progress.update(done)),
        honest: await meansOf(runs.honest, { seeds, after }, (done) => progress.update(seeds.length + done)),
      };
      return classify(means, { seeds, after });
    } finally {
      progress.stop();
    }
  });
  const config = { episodes: after, seeds, agents: { deceptive: agentsAt(deceptive), honest: agentsAt(honest) } };
  const files = out === undefined ? {} : await writeRlFolder(out, { origin, config, classification: result });
  return {
    json: { deceptive, honest, episodes: after, ...result, ...files },
    text: [textOf(result, after), ...Object.values(files).flat()].join('\n'),
  };
}

async function meansOf(
  run: DeceptionRun,
  { seeds, after }: { seeds: readonly number[]; after: readonly number[] },
  onSeed: (done: number) => void,
): Promise<OverlapMeans> {
  const pair = pairOf(run);
  const means = Object.fromEntries(FORMS.map((form) => [form, [] as number[][]])) as OverlapMeans;
  for (const [index, seed] of seeds.entries()) {
    const { reward, config } = run;
    const ofSeed = overlapAfter(pair, { reward, episodeLength: config.episodeLength, seed, after });
    for (const form of FORMS) means[form].push(ofSeed[form]);
    onSeed(index + 1);
    await eventLoopTurn();
  }
  return means;
}

function textOf({ accuracy, means, seeds }: Classification, after: readonly number[]): string {
  const curve = table(
    ['episodes', ...FORMS.map((form) => SHOWN[form].label)],
    after.map((count) => [count, ...FORMS.map((form) => percent(accuracy[form][count]))]),
  );
  const last = (name: 'deceptive' | 'honest', form: OverlapForm): string => {
    const values = means[name][form].map((counts) => counts[counts.length - 1]);
    return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(2);
  };
  const lasts = FORMS.map(
    (form) => `${SHOWN[form].label}: deceptive ${last('deceptive', form)}, honest ${last('honest', form)}`,
  );
  return [`honest told from deceptive, of ${seeds.length} seeds`, curve, ...lasts].join('\n');
}
