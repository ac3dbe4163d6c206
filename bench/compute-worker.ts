/**
 * How long an event loop stands still while a model is fine-tuned and generates: on the loop's own thread, and in a compute
 * worker beside it. What it stands still with nothing to do says what the machine's other work costs.
 *
 *     npm run bench -- --only worker [--quick] [--json] [--out FILE] [--check]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import Table from 'cli-table3';
import { compute, models, soo, torch } from '../lib';

/** 48 million parameters: a step takes a second or more, a token 20 ms. */
const SHAPE = {
  modelType: 'mistral',
  vocabSize: 16_384,
  hiddenSize: 576,
  intermediateSize: 1536,
  numHiddenLayers: 12,
  numAttentionHeads: 9,
  numKeyValueHeads: 3,
} as const satisfies models.DecoderShape;
/** A timer that is late by more than this much at the 99th percentile is noticed by clients. */
const WANTED_MS = 20;
const IDLE_MS = 3000;

/** Milliseconds by which a timer of 1 ms is late. */
interface Stall {
  p99: number;
  max: number;
  seconds: number;
}

export interface WorkerReport {
  idle: Stall;
  worker: Stall;
  sameThread: Stall;
  /** Wall time of one batch of fine-tuning and of one step of generation in the worker, milliseconds. */
  batchMs: number;
  tokenMs: number;
}

const ids = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => 3 + ((from + 7 * i) % 16_000));
const PAIRS = Array.from({ length: 8 }, (_, i) => ({ selfIds: ids(i, 120), otherIds: ids(i + 99, 128) }));
const PROMPTS = Array.from({ length: 4 }, (_, i) => ids(i, 64));
const GENERATION = { maxNewTokens: 48, eosId: null } as const;

const configOf = (rounds: number): soo.FinetuneConfig => ({ ...soo.UPSTREAM, accumulate: 1, maxSteps: 2 * rounds });

async function stallDuring(work: () => Promise<unknown>): Promise<Stall> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const start = performance.now();
  delay.enable();
  await work();
  await wait(2); // a stall that has just ended is counted by the next timer
  delay.disable();
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - 1);
  return { p99: late(delay.percentile(99)), max: late(delay.max), seconds: (performance.now() - start) / 1e3 };
}

export async function measureWorker(rounds: number): Promise<WorkerReport> {
  const folder = mkdtempSync(join(tmpdir(), 'soo-torch-worker-'));
  try {
    torch.scope(() => torch.noGrad(() => models.createModel(SHAPE).save(join(folder, 'model'))));
    const config = configOf(rounds);
    const run = { pairs: PAIRS, config, padId: 0, inputs: {}, origin: {} };
    await using worker = compute.worker();
    await worker.load(join(folder, 'model'));
    const idle = await stallDuring(() => wait(IDLE_MS));
    let [batchMs, tokenMs] = [0, 0];
    const beside = await stallDuring(async () => {
      const start = performance.now();
      await worker.finetune({ ...run, folder: join(folder, 'worker') });
      const tuned = performance.now();
      let steps = 0;
      for await (const { prompt } of worker.streamGenerate(PROMPTS, GENERATION)) steps += Number(prompt === 0);
      [batchMs, tokenMs] = [(tuned - start) / (2 * rounds), (performance.now() - tuned) / steps];
    });
    const model = models.loadModel(join(folder, 'model'));
    const sameThread = await stallDuring(async () => {
      await soo.finetune({ ...run, model, folder: join(folder, 'same-thread') });
      await models.generate(model, PROMPTS, GENERATION);
    });
    return { idle, worker: beside, sameThread, batchMs, tokenMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const workerMet = ({ worker }: WorkerReport): boolean => worker.p99 < WANTED_MS;

export function workerTable({ idle, worker, sameThread, batchMs, tokenMs }: WorkerReport): string {
  const table = new Table({ head: ['computed', 'late at p99', 'at most', 'wanted'], style: { head: [], border: [] } });
  const row = (name: string, { p99, max }: Stall, wanted = ''): string[] => [
    name,
    `${p99.toFixed(1)} ms`,
    `${max.toFixed(1)} ms`,
    wanted,
  ];
  table.push(
    row('nothing', idle),
    row('in a compute worker', worker, `p99 under ${WANTED_MS} ms`),
    row("on the loop's own thread", sameThread),
  );
  const each = `a batch of fine-tuning took ${batchMs.toFixed(0)} ms, a token of four prompts ${tokenMs.toFixed(0)} ms`;
  return `${table.toString()}\nHow late a timer of 1 ms is; in the worker ${each}.`;
}
