import { InvalidArgumentError, Option, type Command } from 'commander';
import { z } from 'zod';
import { originOf } from '../../training';
import { follow, maddpg, PhysicalDeception, REWARDS } from '../../rl';
import { checked, type Result } from '../command';
import { decimal, integer } from '../options';
import { makeFolder } from '../out-folder';
import { ROOT } from '../package-root';
import { table } from '../table';
import { outcomesOf, trainingJson, watchTraining, type TrainedOutcomes, type WatchedTraining } from './training-output';

/** One thread: the products are too small to be shared out (upstream's six threads make it four times slower). */
export const defaultThreads = 1;

const QUIRKS = ['scaledActions', 'tripleNoise', 'bootstrapThroughTimeLimit'] as const;

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

function quirksOf(text: string): string[] {
  const quirks = text === 'none' ? [] : text.split(',');
  const other = quirks.find((name) => !(QUIRKS as readonly string[]).includes(name));
  if (other === undefined) return quirks;
  throw new InvalidArgumentError(`They are ${QUIRKS.join(', ')}, or none, got ${other}`);
}

/** `soo rl train`: trains both agents of physical deception, or blue against a follower. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const options = checked(optionsSchema, given);
  const { reward, opponent, out } = options;
  const config = configOf(options);
  makeFolder(out);
  const trained = await watchTraining({ command: 'rl train', out, config }, (hooks) =>
    maddpg.trainingRun({
      ...hooks,
      folder: out,
      environment: new PhysicalDeception({ reward, worlds: config.worlds, seed: config.seed }),
      config,
      rules: opponent === 'follower' ? { adversary: follow } : {},
      resume: options.resume,
      inputs: { scenario: 'physical-deception', reward, opponent },
      origin: originOf(ROOT, ['soo', 'rl', 'train', ...process.argv.slice(4)]),
    }),
  );
  const outcomes = outcomesOf(out, config.seed);
  const json = { ...trainingJson(trained, config, opponent === 'follower' ? 1 : 2), ...outcomes, out };
  return { json, text: textOf(trained, outcomes, out) };
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

function textOf({ result, seconds }: WatchedTraining, outcomes: TrainedOutcomes, out: string): string {
  const { trapRate, goalSteps, returns, evaluationEpisodes } = outcomes;
  const rows = [
    ['red trapped', `${(100 * trapRate).toFixed(1)}% of episodes`],
    ['blue at the goal', `${goalSteps.toFixed(1)} of 51 observations`],
    ...Object.entries(returns).map(([name, value]) => [`paid to ${name}`, `${value.toFixed(1)} an episode`]),
  ];
  return [
    table([`${evaluationEpisodes} episodes without noise`, ''], rows),
    `${result.episodes} episodes and ${result.rounds} rounds of updates in ${seconds.toFixed(1)} s; the agents are in ${out}`,
  ].join('\n');
}
