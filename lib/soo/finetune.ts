/** The fine-tuning loop. It knows batches, gradients, checkpoints and progress; what it minimises is handed to it. */
import { torch, Tensor } from '../torch';
import type { AnyModule } from '../nn';
import { clipGradNorm, Scheduler, type Adam, type Schedule } from '../optim';
import { gradientNorms, type NamedParameter } from './gradients';
import type { Loss } from './losses';

/** One step as it was taken. */
export interface StepRecord {
  /** Counts from 1. */
  step: number;
  loss: number;
  /** The parts of a loss that tells them, unweighted. */
  parts: Record<string, number>;
  /** Joint norm of the gradients before clipping. */
  gradNorm: number;
  lr: number;
  milliseconds: number;
}

export interface FinetuneOptions<Batch> {
  /** Put into training mode for the run, and back after it. */
  model: AnyModule;
  /** What is trained, with the names that messages use: `adapter.namedParameters()`. */
  parameters: readonly NamedParameter[];
  /** Holds the same parameters. */
  optimizer: Adam;
  loss: Loss<Batch>;
  /** Batches in order, epoch after epoch. One is drawn per step, inside the step's scope: tensors made there are freed. */
  batches: Iterable<Batch>;
  /** Steps taken before, in an earlier call: counting and the schedule go on from there. Default 0. */
  stepsBefore?: number;
  /** Joint norm to which gradients are clipped; not clipped by default. */
  maxGradNorm?: number;
  /** Step, from 0, to the factor of the optimiser's own step size, which it has again at the end. */
  schedule?: Schedule;
  /** Stops before the next step; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Progress, after every step. */
  onStep?: (record: StepRecord) => void;
  /** Saves after every `every`-th step, and after the last one. */
  checkpoint?: { every: number; save: (step: number) => void | Promise<void> };
}

/** A step met NaN or infinity. The parameters are those before it. */
export class NonFiniteError extends Error {
  constructor(
    readonly step: number,
    readonly what: string,
  ) {
    super(`fine-tuning stopped at step ${step}: ${what}`);
    this.name = 'NonFiniteError';
  }
}

/**
 * Takes one optimiser step per batch.
 * @returns the steps taken
 * @throws NonFiniteError naming the step and what is not finite; nothing of that step reaches the parameters
 */
export async function finetune<Batch>(options: FinetuneOptions<Batch>): Promise<StepRecord[]> {
  const { model, batches, optimizer, schedule, signal, onStep, checkpoint, stepsBefore = 0 } = options;
  const scheduler = schedule && new Scheduler(optimizer, (step) => schedule(stepsBefore + step));
  const ownRates = optimizer.groups.map((group) => group.lr);
  const wasTraining = model.training;
  const source = batches[Symbol.iterator]();
  const records: StepRecord[] = [];
  let saved = 0;
  model.train();
  try {
    for (;;) {
      signal?.throwIfAborted();
      const record = torch.scope(() => takeStep(options, source, stepsBefore + records.length + 1));
      if (!record) break;
      records.push(record);
      scheduler?.step();
      onStep?.(record);
      if (checkpoint && record.step % checkpoint.every === 0) await checkpoint.save((saved = record.step));
      await eventLoopTurn();
    }
    const last = stepsBefore + records.length;
    if (checkpoint && records.length > 0 && last > saved) await checkpoint.save(last);
    return records;
  } finally {
    source.return?.();
    optimizer.zeroGrad();
    optimizer.groups.forEach((group, i) => (group.lr = ownRates[i]));
    model.train(wasTraining);
  }
}

/** Forward, backward, checks, and the optimiser's step; undefined when the batches are at an end. */
function takeStep<Batch>(
  { loss, parameters, optimizer, maxGradNorm }: FinetuneOptions<Batch>,
  source: Iterator<Batch>,
  step: number,
): StepRecord | undefined {
  const start = performance.now();
  const next = source.next();
  if (next.done) return undefined;
  optimizer.zeroGrad();
  const { total, parts } = partsOf(loss(next.value));
  const values = numbersOf(parts);
  const value = Number(total.item());
  if (!Number.isFinite(value)) throw new NonFiniteError(step, describeLoss(value, values));
  total.backward();
  const norms = gradientNorms(parameters);
  const bad = norms.find(({ norm }) => !Number.isFinite(norm));
  if (bad) throw new NonFiniteError(step, `the gradient of ${bad.name} holds NaN or infinity`);
  const gradNorm = Math.hypot(...norms.map(({ norm }) => norm));
  if (maxGradNorm !== undefined) {
    clipGradNorm(
      parameters.map(([, parameter]) => parameter),
      maxGradNorm,
    );
  }
  const lr = optimizer.lr;
  optimizer.step();
  return { step, loss: value, parts: values, gradNorm, lr, milliseconds: performance.now() - start };
}

function partsOf(result: ReturnType<Loss<unknown>>): { total: Tensor; parts: Readonly<Record<string, Tensor>> } {
  return result instanceof Tensor ? { total: result, parts: {} } : result;
}

function numbersOf(parts: Readonly<Record<string, Tensor>>): Record<string, number> {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, Number(part.item())]));
}

function describeLoss(value: number, parts: Record<string, number>): string {
  const named = Object.entries(parts).map(([name, part]) => `${name} ${part}`);
  return `the loss is ${value}${named.length > 0 ? ` (${named.join(', ')})` : ''}`;
}

/** Lets timers, signals and I/O through between steps; without it an abort could never arrive. */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
