import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import {
  evaluate,
  EVALUATION_SEEDS,
  follower,
  measureOutcomes,
  openTrained,
  Pair,
  pairOf,
  physicalDeception,
  playSeed,
  scenarioOf,
  type Evaluation,
  type Scenario,
  type SeedEpisodes,
} from '../../rl';
import { checked, InputError, type Result } from '../command';
import { integer, integers } from '../options';
import { startProgress } from '../progress';
import { table } from '../table';
import { measureRows, measureText } from './measure-text';
import { withTrained, type DeceptionRun } from './trained-agents';

export const defaultThreads = 1;

const FOLLOWER = 'follower';

const optionsSchema = z.object({
  agent: z.string().min(1, 'must name a folder'),
  opponent: z.string().min(1, 'must name a folder').optional(),
  episodes: z.number().default(500),
  seeds: z.array(z.number()).default([...EVALUATION_SEEDS]),
});

type EvaluateOptions = z.infer<typeof optionsSchema>;

export function define(command: Command): void {
  command
    .requiredOption('--agent <dir>', 'folder of `soo rl train` or `soo rl finetune`: its blue is evaluated')
    .option('--opponent <dir>', `folder whose red it meets, or ${FOLLOWER} (default: the red of its own folder)`)
    .option('--episodes <n>', 'episodes of each seed (default: 500)', integer({ min: 1, max: 1e6 }))
    .option(
      '--seeds <list...>',
      `draw the episodes (default: ${EVALUATION_SEEDS.join(',')})`,
      integers({ min: 0, max: 1e9 }),
    );
}

/** `soo rl evaluate`: what trained agents do without noise, and how much blue's self and other overlap. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const options = checked(optionsSchema, given);
  const scenario = scenarioOf(options.agent);
  return scenario.name === physicalDeception.name ? evaluatePair(options) : evaluateAny(options, scenario);
}

/** What a scenario measures: there is no red and no blue to be told apart, and no overlap of theirs. */
function evaluateAny({ agent, opponent, episodes, seeds }: EvaluateOptions, scenario: Scenario): Result {
  if (opponent !== undefined)
    throw new InputError(`--opponent: wanted agents of ${physicalDeception.name}, got agents of ${scenario.name}`);
  const { agents, reward, config } = openTrained(agent, scenario);
  const { episodeLength } = config;
  try {
    const plans = seeds.map((seed) => ({ reward, episodes, episodeLength, seed }));
    const { measures, returns } = measureOutcomes(scenario, agents, plans);
    const rows = [
      ...scenario.measures.map(({ name, label }) => [label, measureText(measures[name], twoDigits)]),
      ...Object.entries(returns).map(([name, paid]) => [`paid to ${name}`, measureText(paid, twoDigits)]),
    ];
    return {
      json: { agent, scenario: scenario.name, reward, episodes, seeds, ...measures, returns },
      text: table(headOf(episodes, seeds), rows),
    };
  } finally {
    agents.dispose();
  }
}

const twoDigits = (value: number): string => value.toFixed(2);
const headOf = (episodes: number, seeds: readonly number[]): string[] => [
  `${episodes} episodes each with ${seeds.length} seeds`,
  'mean [95% interval]',
];

function evaluatePair({ agent, opponent, episodes, seeds }: EvaluateOptions): Promise<Result> {
  const folders = { agent, ...(opponent !== undefined && opponent !== FOLLOWER && { opponent }) };
  return withTrained<'agent' | 'opponent', Result>(folders as Record<'agent' | 'opponent', string>, async (runs) => {
    const own = pairOf(runs.agent);
    const red = opponent === FOLLOWER ? follower() : 'opponent' in folders ? pairOf(runs.opponent).red : own.red;
    const evaluation = await evaluateSeeds(new Pair(red, own.blue), runs.agent, { episodes, seeds });
    const { reward } = runs.agent;
    return {
      json: { agent, opponent: opponent ?? null, reward, episodes, seeds, ...evaluation },
      text: table(headOf(episodes, seeds), measureRows([evaluation])),
    };
  });
}

async function evaluateSeeds(
  pair: Pair,
  { reward, config: { episodeLength } }: DeceptionRun,
  { episodes, seeds }: { episodes: number; seeds: readonly number[] },
): Promise<Evaluation> {
  const progress = startProgress('rl evaluate', seeds.length);
  const played: SeedEpisodes[] = [];
  try {
    for (const seed of seeds) {
      played.push(playSeed(pair, { reward, episodes, episodeLength, seed }));
      progress.update(played.length);
      await eventLoopTurn();
    }
  } finally {
    progress.stop();
  }
  return evaluate(played);
}
