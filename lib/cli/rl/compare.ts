import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { armsTable, crossPlayTables, differencesTable } from '../../report';
import { originOf, type Origin } from '../../training';
import { type RlResults } from '../../studies/agents';
import {
  ARMS,
  BETWEEN,
  compare,
  evaluate,
  EVALUATION_SEEDS,
  follower,
  learningCurves,
  maddpg,
  meet,
  pairOf,
  playSeed,
  type Arm,
  type Comparison,
  type EpisodePlan,
  type Evaluation,
  type Meeting,
  type Pair,
  type Reward,
  type SeedEpisodes,
} from '../../rl';
import { checked, type Result } from '../command';
import { integer, integers } from '../options';
import { ROOT } from '../package-root';
import { startProgress } from '../progress';
import { table } from '../table';
import { agentsAt, writeRlFolder } from './report-folder';
import { withTrained } from './trained-agents';

export const defaultThreads = 1;

const folder = z.string().min(1, 'must name a folder');
const optionsSchema = z.object({
  deceptive: folder,
  honest: folder,
  tuned: folder,
  control: folder,
  episodes: z.number().default(500),
  seeds: z.array(z.number()).default([...EVALUATION_SEEDS]),
  out: folder.optional(),
});

export function define(command: Command): void {
  command
    .requiredOption('--deceptive <dir>', 'folder of agents trained with the deceptive reward')
    .requiredOption('--honest <dir>', 'folder of agents trained with the honest reward')
    .requiredOption('--tuned <dir>', 'folder of the deceptive agents after `soo rl finetune`')
    .requiredOption('--control <dir>', 'folder of the same after `soo rl finetune --no-overlap`')
    .option('--episodes <n>', 'episodes of each seed (default: 500)', integer({ min: 1, max: 1e5 }))
    .option(
      '--seeds <list...>',
      `draw the episodes (default: ${EVALUATION_SEEDS.join(',')})`,
      integers({ min: 0, max: 1e9 }),
    )
    .option('--out <dir>', 'gets results.json, report.html and charts/');
}

/** What is measured of the four, surfaces of the sweep included. */
interface Compared extends Comparison {
  arms: Record<Arm, Evaluation>;
  crossPlay: Meeting[];
}

/** `soo rl compare`: deceptive, tuned, control and honest agents beside each other. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const { out, episodes, seeds, ...folders } = checked(optionsSchema, given);
  const origin = originOf(ROOT, ['soo', 'rl', 'compare', ...process.argv.slice(4)]);
  const compared = await withTrained<Arm, Compared>(folders, async (runs) => {
    const { episodeLength } = runs.deceptive.config;
    // All are paid alike, so that what they are paid can be compared.
    const plans = seeds.map((seed): EpisodePlan<Reward> => ({ reward: 'deceptive', episodes, episodeLength, seed }));
    const pairs = Object.fromEntries(ARMS.map((arm) => [arm, pairOf(runs[arm])])) as Record<Arm, Pair>;
    return compareAll(pairs, plans);
  });
  const files = out === undefined ? {} : await report(out, { compared, folders, episodes, seeds, origin });
  return { json: { ...folders, episodes, seeds, ...summaryOf(compared), ...files }, text: textOf(compared, files) };
}

async function compareAll(
  pairs: Readonly<Record<Arm, Pair>>,
  plans: readonly EpisodePlan<Reward>[],
): Promise<Compared> {
  const reds = redsOf(pairs);
  const progress = startProgress('rl compare', ARMS.length * (plans.length + reds.length));
  let done = 0;
  const step = async (note: string): Promise<void> => {
    progress.update(++done, note);
    await eventLoopTurn();
  };
  try {
    const played = { deceptive: [], tuned: [], control: [], honest: [] } as Record<Arm, SeedEpisodes[]>;
    for (const arm of ARMS)
      for (const plan of plans) {
        played[arm].push(playSeed(pairs[arm], plan));
        await step(arm);
      }
    const crossPlay: Meeting[] = [];
    for (const blue of ARMS)
      for (const red of reds) {
        crossPlay.push(meet(red, [blue, pairs[blue].blue], plans));
        await step(`${blue} meets the red of ${red[0]}`);
      }
    const arms = Object.fromEntries(ARMS.map((arm) => [arm, evaluate(played[arm])])) as Record<Arm, Evaluation>;
    return { arms, ...compare(played), crossPlay };
  } finally {
    progress.stop();
  }
}

/** The reds that learned, and the follower: as a rule it is the same in every folder. */
function redsOf(pairs: Readonly<Record<Arm, Pair>>): [string, maddpg.Agent][] {
  const learned = ARMS.filter((arm) => pairs[arm].red instanceof maddpg.LearningAgent);
  return [...learned.map((arm): [string, maddpg.Agent] => [arm, pairs[arm].red]), ['follower', follower()]];
}

/** All but the surfaces, of which there are 10,000 numbers each. */
function summaryOf({ arms, counts, rates, crossPlay }: Compared): object {
  const differences = {
    counts: Object.fromEntries(BETWEEN.map((between) => [between, counts[between].differences])),
    rates: rates.differences,
  };
  return { arms, differences, crossPlay };
}

async function report(
  out: string,
  {
    compared,
    folders,
    origin,
    ...settings
  }: {
    compared: Compared;
    folders: Readonly<Record<Arm, string>>;
    episodes: number;
    seeds: readonly number[];
    origin: Origin;
  },
): ReturnType<typeof writeRlFolder> {
  const learning = ARMS.flatMap((arm) =>
    Object.entries(learningCurves([folders[arm]])).map(([agent, points]) => ({ arm, agent, points })),
  );
  const agents = Object.fromEntries(ARMS.map((arm) => [arm, agentsAt(folders[arm])]));
  return writeRlFolder(out, { origin, config: { ...settings, agents }, comparison: compared, learning });
}

function textOf(compared: Compared, { results, report }: { results?: string; report?: string }): string {
  const stored = JSON.parse(JSON.stringify(compared)) as NonNullable<RlResults['comparison']>;
  const tables = [armsTable(stored), differencesTable(stored), ...crossPlayTables(stored)];
  return [
    ...tables.map(({ title, head, rows }) => `${title}\n${table(head, rows)}`),
    ...[results, report].flatMap((path) => path ?? []),
  ].join('\n');
}
