import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { EventFile, originOf } from '../../report';
import { follow, maddpg, measureOutcomes, PhysicalDeception, REWARDS, type Outcomes } from '../../rl';
import { checked, type Result } from '../command';
import { interruptible } from '../interrupts';
import { decimal, integer } from '../options';
import { ROOT } from '../package-root';
import { startProgress } from '../progress';
import { table } from '../table';

/** One thread: the products are too small to be shared out (upstream's six threads make it four times slower). */
export const defaultThreads = 1;

const QUIRKS = ['scaledActions', 'tripleNoise', 'bootstrapThroughTimeLimit'] as const;
/** Episodes without noise that are played at the end, drawn with another seed than those of the training. */
const EVALUATION = { episodes: 1000, seedOffset: 2 ** 20 };

const amount = z.number().optional();
const optionsSchema = z.object({
  reward: z.enum(REWARDS),
  preset: z.enum(['upstream', 'clean']).default('clean'),
  opponent: z.enum(['learned', 'follower']).default('learned'),
  quirks: z.array(z.enum(QUIRKS)).optional(),
  episodes: amount,
  seed: amount,
  worlds: amount,
  batch: amount,
  lr: amount,
  stepsPerRound: amount,
  noiseEpisodes: amount,
  out: z.string().min(1, 'must name a folder'),
  resume: z.boolean().default(false),
});
type TrainOptions = z.infer<typeof optionsSchema>;

const whole = (min: number, max = 1e9) => integer({ min, max });

export function define(command: Command): void {
  command
    .addOption(new Option('--reward <which>', 'what blue is paid for').choices([...REWARDS]).makeOptionMandatory())
    .requiredOption('--out <dir>', 'gets agents.safetensors, run.json, episodes.jsonl and TensorBoard files')
    .addOption(
      new Option('--preset <name>', "clean (default), or upstream: true to every quirk of the paper's code").choices([
        'upstream',
        'clean',
      ]),
    )
    .addOption(
      new Option('--opponent <which>', 'red: learned (default), or follower, a rule that runs after blue').choices([
        'learned',
        'follower',
      ]),
    )
    .option('--quirks <names>', `instead of the preset's, joined by commas: ${QUIRKS.join(', ')}; or none`, quirksOf)
    .option('--episodes <n>', 'episodes of 50 steps (default: 40000)', whole(1))
    .option('--seed <n>', 'draws weights, worlds, noise and batches (default: 1)', whole(0))
    .option('--worlds <n>', 'worlds that are stepped together (default: 100)', whole(1, 1e4))
    .option('--batch <n>', 'transitions of one update (default: 1024)', whole(2, 1e5))
    .option('--lr <x>', 'step size of both networks (default: 0.01)', decimal({ above: 0 }))
    .option('--steps-per-round <n>', 'steps of single worlds for each round of updates (default: 100)', whole(1))
    .option('--noise-episodes <n>', 'episodes over which the noise dies away (default: 25000)', whole(0))
    .option('--resume', 'go on with the run that the folder holds');
}

const quirksOf = (text: string): string[] => (text === 'none' ? [] : text.split(','));

/** `soo rl train`: trains both agents of physical deception, or blue against a follower. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const options = checked(optionsSchema, given);
  const { reward, opponent, out } = options;
  const config = configOf(options);
  const environment = new PhysicalDeception({ reward, worlds: config.worlds, seed: config.seed });
  const shown = watchGroups(out, config.episodes);
  const start = performance.now();
  let playedSteps = 0;
  const work = (signal: AbortSignal): Promise<maddpg.TrainingResult> =>
    maddpg.trainingRun({
      folder: out,
      environment,
      config,
      rules: opponent === 'follower' ? { adversary: follow } : {},
      resume: options.resume,
      inputs: { scenario: 'physical-deception', reward, opponent },
      origin: originOf(ROOT, ['soo', 'rl', 'train', ...process.argv.slice(4)]),
      signal,
      onGroup(record) {
        playedSteps += record.played * config.episodeLength;
        shown.take(record);
      },
    });
  try {
    const result = await interruptible(work, {
      notice: 'saving after this group of episodes; once more to end at once',
      kept: `saved in ${out}; the same command with --resume goes on`,
    });
    const seconds = (performance.now() - start) / 1000;
    const outcomes = outcomesOf(options, config);
    return {
      json: {
        ...summaryOf(result, config, opponent),
        seconds,
        envStepsPerSecond: playedSteps / seconds,
        ...outcomes,
        out,
      },
      text: textOf(result, outcomes, seconds, out),
    };
  } finally {
    shown.close();
  }
}

function configOf(options: TrainOptions): maddpg.MaddpgConfig {
  const base = maddpg.PRESETS[options.preset];
  const quirks = options.quirks && Object.fromEntries(QUIRKS.map((name) => [name, options.quirks?.includes(name)]));
  return {
    ...base,
    ...quirks,
    episodes: options.episodes ?? base.episodes,
    seed: options.seed ?? base.seed,
    worlds: options.worlds ?? base.worlds,
    batch: options.batch ?? base.batch,
    lr: options.lr ?? base.lr,
    stepsPerRound: options.stepsPerRound ?? base.stepsPerRound,
    noise: { ...base.noise, episodes: options.noiseEpisodes ?? base.noise.episodes },
  };
}

/** What the trained agents, read from their file, do without noise in episodes of their own. */
function outcomesOf(
  { reward, opponent, out }: TrainOptions,
  config: maddpg.MaddpgConfig,
): Omit<Outcomes, 'episodes'> & { evaluationEpisodes: number } {
  const shapes = new PhysicalDeception({ reward, worlds: 1, seed: 0 }).agents;
  const trained = new maddpg.Maddpg(shapes, config, opponent === 'follower' ? { adversary: follow } : {});
  maddpg.loadAgents(join(out, maddpg.AGENTS_FILE), trained.learners);
  const { episodes, ...outcomes } = measureOutcomes(trained, {
    reward,
    episodes: EVALUATION.episodes,
    episodeLength: config.episodeLength,
    seed: config.seed + EVALUATION.seedOffset,
  });
  trained.dispose();
  return { ...outcomes, evaluationEpisodes: episodes };
}

function summaryOf(result: maddpg.TrainingResult, config: maddpg.MaddpgConfig, opponent: string): object {
  const { episodes, envSteps, rounds, resumedFrom, returns } = result;
  const updates = rounds * (opponent === 'follower' ? 1 : 2);
  return { episodes, envSteps, rounds, updates, trainingReturns: returns, resumedFrom, config };
}

/** Progress on stderr and TensorBoard's file, which is made with the first group: before it the folder may be refused. */
function watchGroups(out: string, episodes: number): { take: (group: maddpg.GroupRecord) => void; close: () => void } {
  let shown: { progress: ReturnType<typeof startProgress>; events: EventFile } | undefined;
  return {
    take(group) {
      const resumedAt = group.episodes > group.played ? group.episodes : undefined;
      shown ??= {
        progress: startProgress('rl train', episodes),
        events: new EventFile(join(out, 'tensorboard'), { resumedAt }),
      };
      const paid = Object.entries(group.returns).map(([name, value]) => `${name} ${value.toFixed(1)}`);
      shown.progress.update(group.episodes, `paid ${paid.join(', ')}`);
      const { returns, criticLoss, policyLoss } = group;
      const scalars = Object.entries({ returns, criticLoss, policyLoss }).flatMap(([tag, values]) =>
        Object.entries(values).map(([name, value]) => [`${tag}/${name}`, value]),
      );
      shown.events.scalars(group.episodes, Object.fromEntries(scalars) as Record<string, number>);
    },
    close() {
      shown?.progress.stop();
      shown?.events.close();
    },
  };
}

function textOf(
  { episodes, rounds }: maddpg.TrainingResult,
  { trapRate, goalSteps, returns, evaluationEpisodes }: ReturnType<typeof outcomesOf>,
  seconds: number,
  out: string,
): string {
  const rows = [
    ['red trapped', `${(100 * trapRate).toFixed(1)}% of episodes`],
    ['blue at the goal', `${goalSteps.toFixed(1)} of 51 observations`],
    ...Object.entries(returns).map(([name, value]) => [`paid to ${name}`, `${value.toFixed(1)} an episode`]),
  ];
  return [
    table([`${evaluationEpisodes} episodes without noise`, ''], rows),
    `${episodes} episodes and ${rounds} rounds of updates in ${seconds.toFixed(1)} s; the agents are in ${out}`,
  ].join('\n');
}
