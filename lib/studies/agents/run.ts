/** The whole reproduction: agents on several processes, then what they do. */
import { join } from 'node:path';
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { lockPlace, ownFolder } from '../../files/folders';
import type { Origin } from '../../training/origin';
import { noProgress, type StartProgress } from '../../training/progress';
import { runPool } from '../../training/worker-pool';
import { judge } from './claims';
import { measureAgents, type Measurement } from './measurement';
import { nameOf, queueOf, tasksOf, type ReproductionPlan } from './plan';
import { writeRlResults, type RlResults } from './results';
import type { TaskEvent, WorkerStart } from './worker';

export interface ReproduceOptions {
  out: string;
  plan: ReproductionPlan;
  origin: Origin;
  /** Processes, of one thread each; the numbers do not depend on how many. */
  workers: number;
  signal: AbortSignal;
  startProgress?: StartProgress;
}

export interface Reproduced {
  stored: RlResults;
  /** Where they are stored. */
  results: string;
  seconds: number;
}

/**
 * Trains, tunes, measures and judges, and stores the results. Agents that `out` holds already are not trained again.
 * @throws the signal's reason after an abort; InputError when `out` holds agents of another plan
 */
export async function reproduce(options: ReproduceOptions): Promise<Reproduced> {
  const { out, plan, origin } = options;
  using _lock = lockPlace(ownFolder(out));
  ownFolder(out, 'agents');
  const start = performance.now();
  await trainAgents(options);
  const measured = await measureAll(options);
  const evidence = { ...measured, differences: measured.comparison.rates.differences };
  const seconds = (performance.now() - start) / 1000;
  const results = join(out, 'results.json');
  const stored = writeRlResults(results, {
    origin,
    seconds,
    config: { ...plan, seconds },
    claims: judge(evidence),
    classification: measured.classification,
    accuracyOverTrainings: measured.accuracy,
    // Red is the same rule in every folder, so that there is nothing to cross.
    comparison: { arms: measured.arms, ...measured.comparison, crossPlay: [] },
    learning: measured.learning,
  });
  return { stored, results, seconds };
}

async function trainAgents({
  out,
  plan,
  origin,
  workers,
  signal,
  startProgress = noProgress,
}: ReproduceOptions): Promise<void> {
  const tasks = tasksOf(plan);
  const queue = queueOf(plan);
  const sizes = tasks.map(({ arm }) =>
    arm === 'deceptive' || arm === 'honest' ? plan.training.episodes : plan.finetuningEpisodes,
  );
  const played = new Map<string, number>();
  const progress = startProgress(
    'rl reproduce, episodes',
    sizes.reduce((sum, size) => sum + size, 0),
  );
  const onEvent = ({ task, episodes, done }: TaskEvent): void => {
    const name = nameOf(task);
    played.set(name, episodes);
    if (done) queue.end(name);
    const total = [...played.values()].reduce((sum, value) => sum + value, 0);
    progress.update(total, done ? `${name} is done` : name);
  };
  try {
    const start: WorkerStart = { out, plan, origin };
    const worker = require.resolve('./worker');
    await runPool(queue, { worker, start, workers: Math.min(workers, tasks.length), signal, onEvent });
  } finally {
    progress.stop();
  }
}

async function measureAll({ out, plan, signal, startProgress = noProgress }: ReproduceOptions): Promise<Measurement> {
  const pieces = plan.seeds.length * (4 + 2 * plan.classification.seeds.length);
  const progress = startProgress('rl reproduce, measuring', pieces);
  let done = 0;
  try {
    return await measureAgents(out, plan, async (note) => {
      progress.update(++done, note);
      await eventLoopTurn();
      signal.throwIfAborted();
    });
  } finally {
    progress.stop();
  }
}
