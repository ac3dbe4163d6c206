import { InvalidArgumentError, Option, type Command } from 'commander';
import { z } from 'zod';
import { originOf } from '../../report';
import {
  LEARNED,
  maddpg,
  physicalDeception,
  REWARDS,
  rulesOf,
  scenarioNamed,
  SCENARIOS,
  train,
  type Scenario,
} from '../../rl';
import { checked, InputError, type Result } from '../command';
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
  scenario: z.string().default(physicalDeception.name),
  reward: z.string().optional(),
  preset: z.enum(['upstream', 'clean']).default('clean'),
  opponent: z.string().default(LEARNED),
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
    .addOption(
      new Option('--scenario <name>', `the world to learn in (default: ${physicalDeception.name})`).choices(
        SCENARIOS.map(({ name }) => name),
      ),
    )
    .option('--reward <which>', `what blue is paid for in ${physicalDeception.name}: ${REWARDS.join(' or ')}`)
    .requiredOption('--out <dir>', 'gets agents.safetensors, run.json, episodes.jsonl and TensorBoard files')
    .addOption(
      new Option('--preset <name>', "clean (default), or upstream: true to every quirk of the paper's code").choices([
        'upstream',
        'clean',
      ]),
    )
    .option(
      '--opponent <which>',
      `red of ${physicalDeception.name}: learned (default), or follower, a rule that runs after blue`,
    )
    .option('--quirks <names>', `instead of the preset's, joined by commas: ${QUIRKS.join(', ')}; or none`, quirksOf)
    .option('--episodes <n>', 'episodes (default: 40000)', whole(1))
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

/** `soo rl train`: trains the agents of a scenario, all of them or against a rule. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const options = checked(optionsSchema, given);
  const { out } = options;
  const scenario = scenarioNamed(options.scenario);
  const reward = rewardOf(scenario, options.reward);
  const opponent = opponentOf(scenario, options.opponent);
  const rules = rulesOf(scenario, opponent);
  const config = configOf(options, scenario);
  makeFolder(out);
  const trained = await watchTraining({ command: 'rl train', out, config }, (hooks) =>
    train({
      ...hooks,
      folder: out,
      environment: scenario.make({ reward, worlds: config.worlds, seed: config.seed }),
      config,
      rules,
      resume: options.resume,
      inputs: { scenario: scenario.name, reward, opponent },
      origin: originOf(ROOT, ['soo', 'rl', 'train', ...process.argv.slice(4)]),
    }),
  );
  const outcomes = outcomesOf(out, scenario, config.seed);
  const { measures, ...others } = outcomes;
  const learners = scenario.agents.length - Object.keys(rules).length;
  const json = { ...trainingJson(trained, config, learners), ...measures, ...others, out };
  return { json, text: textOf(trained, { scenario, outcomes, config, out }) };
}

function rewardOf({ rewards }: Scenario, given: string | undefined): string {
  const chosen = given ?? (rewards.length === 1 ? rewards[0] : undefined);
  if (chosen !== undefined && rewards.includes(chosen)) return chosen;
  throw new InputError(`--reward${given === undefined ? '' : ` ${given}`}: wanted one of ${rewards.join(', ')}`);
}

function opponentOf({ opponents }: Scenario, given: string): string {
  const known = [LEARNED, ...Object.keys(opponents)];
  if (known.includes(given)) return given;
  throw new InputError(`--opponent ${given}: wanted one of ${known.join(', ')}`);
}

function configOf(options: TrainOptions, { episodeLength }: Scenario): maddpg.MaddpgConfig {
  const base = maddpg.PRESETS[options.preset];
  const quirks = options.quirks && Object.fromEntries(QUIRKS.map((name) => [name, options.quirks?.includes(name)]));
  return {
    ...base,
    ...quirks,
    episodeLength,
    episodes: options.episodes ?? base.episodes,
    seed: options.seed ?? base.seed,
    worlds: options.worlds ?? base.worlds,
    batch: options.batch ?? base.batch,
    lr: options.lr ?? base.lr,
    stepsPerRound: options.stepsPerRound ?? base.stepsPerRound,
    noise: { ...base.noise, episodes: options.noiseEpisodes ?? base.noise.episodes },
  };
}

function textOf(
  { result, seconds }: WatchedTraining,
  {
    scenario,
    outcomes: { measures, returns, evaluationEpisodes },
    config,
    out,
  }: { scenario: Scenario; outcomes: TrainedOutcomes; config: maddpg.MaddpgConfig; out: string },
): string {
  const rows = [
    ...scenario.measures.map((measure) => [measure.label, measure.print(measures[measure.name], config.episodeLength)]),
    ...Object.entries(returns).map(([name, value]) => [`paid to ${name}`, `${value.toFixed(1)} an episode`]),
  ];
  return [
    table([`${evaluationEpisodes} episodes without noise`, ''], rows),
    `${result.episodes} episodes and ${result.rounds} rounds of updates in ${seconds.toFixed(1)} s; the agents are in ${out}`,
  ].join('\n');
}
