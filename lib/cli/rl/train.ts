import { InvalidArgumentError, Option, type Command } from 'commander';
import { z } from 'zod';
import { originOf } from '../../training';
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
import { makeFolder } from '../out-folder';
import { ROOT } from '../package-root';
import { table } from '../table';
import { addSettings } from './setting-options';
import { outcomesOf, trainingJson, watchTraining, type TrainedOutcomes, type WatchedTraining } from './training-output';

/** One thread: the products are too small to be shared out (upstream's six threads make it four times slower). */
export const defaultThreads = 1;

const QUIRKS = maddpg.quirksSchema.keyof().options;
const PRESET_NAMES = Object.keys(maddpg.PRESETS) as maddpg.PresetName[];

const { seed, episodes, worlds, batch, lr, stepsPerRound } = maddpg.maddpgSchema.shape;
const SETTINGS = { episodes, seed, worlds, batch, lr, stepsPerRound, noiseEpisodes: maddpg.noiseSchema.shape.episodes };

const optionsSchema = z.object({
  scenario: z.string().default(physicalDeception.name),
  reward: z.string().optional(),
  preset: z.enum(PRESET_NAMES).default('clean'),
  opponent: z.string().default(LEARNED),
  quirks: z.array(z.enum(QUIRKS)).optional(),
  ...z.object(SETTINGS).partial().shape,
  out: z.string().min(1, 'must name a folder'),
  resume: z.boolean().default(false),
});
type TrainOptions = z.infer<typeof optionsSchema>;

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
      new Option('--preset <name>', "clean (default), or upstream: with every quirk of the paper's code").choices(
        PRESET_NAMES,
      ),
    )
    .option(
      '--opponent <which>',
      `red of ${physicalDeception.name}: learned (default), or follower, a rule that runs after blue`,
    )
    .option('--quirks <names>', `instead of the preset's, joined by commas: ${QUIRKS.join(', ')}; or none`, quirksOf);
  addSettings(command, SETTINGS, { ...maddpg.CLEAN, noiseEpisodes: maddpg.CLEAN.noise.episodes });
  command.option('--resume', 'continue the run in the folder');
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
  const said = Object.entries(options).filter(([name, value]) => name in base && value !== undefined);
  const noise = { ...base.noise, episodes: options.noiseEpisodes ?? base.noise.episodes };
  return { ...base, ...quirks, episodeLength, ...Object.fromEntries(said), noise };
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
