/** The fine-tuning loop. It knows batches, gradients, checkpoints and progress; what it minimises is handed to it. */
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { torch, drawApart, withRandomStateOfNow, type Tensor } from '../torch';
import { inMode, type AnyModule } from '../nn';
import { EndedElsewhere, type ProcessGroup } from '../distributed';
import { clipGradNorm, scaleGrads, Scheduler, type Adam, type Schedule } from '../optim';
import { claimModel } from './claim';
import type { NamedParameter } from './gradients';
import { partsOf, type Loss, type LossParts } from './loss';
import type { LossScaler } from './loss-scaler';
import { firstNonFinite } from './non-finite';
import { PieceByPiece, type ComputedInPieces, type InPieces } from './pieces';
import { agree, packBucket, requireSameWeights, unpackBucket } from './ranks';
import { readStep } from './read-step';
import type { StepRecord } from './step-record';

/** How far a run has come. */
export interface Position {
  /** Batches whose gradient was computed. */
  microBatch: number;
  /** Steps that the optimiser took. */
  step: number;
}

export interface TrainOptions<Batch> {
  /** In training mode while a batch is computed; at every `await` its modules are in the modes that they had before. */
  model: AnyModule;
  /** @internal The caller has the model to itself already, by `claimModel`. */
  isClaimed?: boolean;
  /** What is trained, with the names that messages use: `adapter.namedParameters()`. */
  parameters: readonly NamedParameter[];
  /** Holds the same parameters. */
  optimizer: Adam;
  loss: Loss<Batch>;
  /** Batches in order, epoch after epoch. Each is drawn inside its step's scope: tensors made there are freed. */
  batches: Iterable<Batch>;
  /** Tokens of a batch, for the record. */
  tokensOf?: (batch: Batch) => number;
  /**
   * Batches whose gradients are added up for one step of the optimiser; default 1. Their losses are not divided by it,
   * as upstream's are not: Adam's step hardly depends on the gradient's scale. What is left over at the end makes a
   * last, smaller step.
   */
  accumulate?: number;
  /** Batches of an epoch. When given, gradients left over at an epoch's end are dropped, as upstream's loop drops them. */
  dropLeftoverAfter?: number;
  /**
   * Where an earlier call stopped: counting, accumulation and the schedule go on from there. `batches` then starts with
   * the next batch, and gradients gathered for an unfinished step are those that the parameters hold.
   */
  from?: Position;
  /** Joint norm to which gradients are clipped; not clipped by default. */
  maxGradNorm?: number;
  /** For losses in float16: multiplies them, and skips the steps whose gradients overflow. Its state is the run's. */
  scaler?: LossScaler;
  /** Step, from 0, to the factor of the optimiser's own step size, which it has again at the end. */
  schedule?: Schedule;
  /** Computes batches in pieces, from the start or once memory does not suffice for one; as a whole by default. */
  inPieces?: InPieces<Batch>;
  /** Stops before the next batch, after a checkpoint; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Progress, after every batch; waited for. What it draws, it draws from the caller's random numbers. */
  onStep?: (record: StepRecord) => void | Promise<void>;
  /**
   * Saves after every step of the optimiser for which `isDue` says so, after the last one, and before an abort is told.
   * In the last case a step may be unfinished: its gradients belong to what is saved.
   */
  checkpoint?: { isDue: (step: number) => boolean; save: (position: Position) => void | Promise<void> };
  /**
   * Trains as one rank of several: the losses and gradients of all ranks are added up, so that `loss` gives this rank's
   * share of the whole batch's. All have as many batches, which hold no tensors; one that asks for an end, a checkpoint or
   * is aborted ends, saves or aborts all. Records are those of the whole batch. Saving is the first rank's.
   */
  group?: ProcessGroup;
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
 * Takes batches to the optimiser, one step for every `accumulate` of them. Random numbers begin as
 * the caller's and are the run's own: nothing that goes on beside it changes them. The caller's go on where it ended,
 * unless they were drawn from or seeded meanwhile.
 * @returns the batches taken
 * @throws NonFiniteError naming the step, what is not finite, and the module it came from; nothing of that step reaches
 * the parameters; InputError while another run trains the model
 */
export async function train<Batch>(options: TrainOptions<Batch>): Promise<StepRecord[]> {
  using _claim = options.isClaimed ? undefined : claimModel(options.model);
  const outside = withRandomStateOfNow();
  const onStep = options.onStep && ((record: StepRecord) => outside(() => options.onStep?.(record)));
  return await drawApart(() => takeBatches({ ...options, onStep }));
}

async function takeBatches<Batch>(options: TrainOptions<Batch>): Promise<StepRecord[]> {
  const { model, signal, onStep, checkpoint, group, from = { microBatch: 0, step: 0 } } = options;
  const run = new Run(options, from);
  const records: StepRecord[] = [];
  let saved = from.microBatch;
  const save = async (): Promise<void> => {
    if (run.position.microBatch === saved) return;
    if (group) await requireSameWeights(group, options.parameters);
    await checkpoint?.save(run.position);
    saved = run.position.microBatch;
  };
  let isDue = false;
  const takeAlone = async (): Promise<Taken | undefined> => {
    if (signal?.aborted) await save();
    signal?.throwIfAborted();
    return torch.scope(() => inMode(model, 'train', () => run.takeBatch()));
  };
  const takeTogether = async (group: ProcessGroup): Promise<Taken | undefined> => {
    const batch = torch.scope(() => inMode(model, 'train', () => run.draw()));
    const wishes = await agree(group, { abort: signal?.aborted === true, end: batch.done === true, save: isDue });
    if (wishes.save || wishes.abort) await save();
    if (wishes.abort) signal?.throwIfAborted();
    if (wishes.abort) throw new EndedElsewhere();
    return batch.done || wishes.end ? undefined : await run.takeShare(batch.value, group);
  };
  try {
    for (;;) {
      const taken = group ? await takeTogether(group) : await takeAlone();
      if (!taken) break;
      records.push(taken.record);
      await onStep?.(taken.record);
      isDue = taken.stepped && checkpoint?.isDue(run.position.step) === true;
      if (isDue && !group) await save();
      await eventLoopTurn();
    }
    run.finish();
    await save();
    return records;
  } finally {
    run.close();
  }
}

/** A batch as it was taken, and whether the optimiser has taken its step with it. */
interface Taken {
  record: StepRecord;
  stepped: boolean;
}

/** The state of one call. */
class Run<Batch> {
  #position: Position;
  readonly #source: Iterator<Batch>;
  readonly #scheduler: Scheduler | undefined;
  readonly #ownRates: number[];
  readonly #pieces: PieceByPiece<Batch> | undefined;

  constructor(
    private readonly options: TrainOptions<Batch>,
    from: Position,
  ) {
    const { batches, optimizer, schedule, accumulate = 1, inPieces, parameters } = options;
    if (!Number.isSafeInteger(accumulate) || accumulate < 1) {
      throw new RangeError(`finetune: accumulate must be a whole number of 1 or more, got ${accumulate}`);
    }
    this.#position = { ...from };
    this.#source = batches[Symbol.iterator]();
    this.#pieces = inPieces && new PieceByPiece(inPieces, parameters);
    this.#ownRates = optimizer.groups.map((group) => group.lr);
    this.#scheduler = schedule && new Scheduler(optimizer, (step) => schedule(from.step + step));
  }

  get position(): Position {
    return { ...this.#position };
  }

  /** Batches, of the present epoch where epochs count, that were taken before one of that number. */
  #inEpoch(microBatch: number): number {
    return microBatch % (this.options.dropLeftoverAfter ?? Infinity);
  }

  /** Whether gradients wait for a step. */
  get #gathering(): boolean {
    return this.#inEpoch(this.#position.microBatch) % (this.options.accumulate ?? 1) !== 0;
  }

  /** The next batch. */
  draw(): IteratorResult<Batch, unknown> {
    return this.#source.next() as IteratorResult<Batch, unknown>;
  }

  /** Forward, backward, checks, and perhaps the optimiser's step; undefined when the batches are at an end. */
  takeBatch(): Taken | undefined {
    const start = performance.now();
    const next = this.draw();
    if (next.done) return undefined;
    if (!this.#gathering) this.options.optimizer.zeroGrad();
    const random = torch.getRngState();
    return this.#take(next.value, this.#compute(next.value), random, start);
  }

  /** Forward and backward. */
  #compute(batch: Batch): ComputedInPieces {
    const { scaler } = this.options;
    const compute = (piece: Batch): LossParts => {
      const computed = partsOf(this.options.loss(piece));
      (scaler?.scaled(computed.total) ?? computed.total).backward();
      return computed;
    };
    return this.#pieces?.compute(batch, compute) ?? { ...compute(batch), pieces: 1 };
  }

  /** The same for this rank's share of a batch; losses and gradients are those of all ranks. */
  async takeShare(batch: Batch, group: ProcessGroup): Promise<Taken> {
    const { optimizer, parameters, model } = this.options;
    const start = performance.now();
    const inTraining = <T>(work: () => T): T => torch.scope(() => inMode(model, 'train', work));
    const { bucket, names, pieces, gathered, random } = inTraining(() => {
      if (!this.#gathering) optimizer.zeroGrad();
      const gathered = parameters.map(([, parameter]) => parameter.grad);
      for (const [, parameter] of parameters) parameter.grad = null;
      const random = torch.getRngState();
      const { total, parts, pieces } = this.#compute(batch);
      return { bucket: packBucket({ total, parts }, parameters), names: Object.keys(parts), pieces, gathered, random };
    });
    const sum = await group.allReduce(bucket);
    const taken = inTraining(() => {
      const computed = unpackBucket(sum, names, parameters, gathered);
      return this.#take(batch, { ...computed, pieces }, random, start);
    });
    for (const tensor of [sum, bucket, random, ...gathered]) tensor?.dispose();
    return taken;
  }

  /** Checks what was computed, and takes the step that is due. */
  #take(batch: Batch, { total, parts, pieces }: ComputedInPieces, random: Tensor, start: number): Taken {
    const { optimizer, loss, parameters, model, tokensOf, maxGradNorm, scaler } = this.options;
    const step = this.#position.step + 1;
    const stepped = (this.#inEpoch(this.#position.microBatch) + 1) % (this.options.accumulate ?? 1) === 0;
    // Losses, norms and what clipping needs come from the device in one copy, the only one of a batch.
    const read = readStep(total, parts, parameters, stepped && maxGradNorm !== undefined);
    const { value, values } = read;
    const { norms, joint } = scaler?.unscaledNorms(read) ?? read;
    if (!Number.isFinite(value)) {
      torch.setRngState(random);
      const origin = firstNonFinite(model, () => (this.#pieces?.piecesOf(batch) ?? [batch]).map((each) => loss(each)));
      throw new NonFiniteError(step, describeLoss(value, values) + (origin ? `; ${origin}` : ''));
    }
    const bad = norms.find(({ norm }) => !Number.isFinite(norm));
    if (bad && !scaler?.canBackOff) throw new NonFiniteError(step, `the gradient of ${bad.name} holds NaN or infinity`);
    if (scaler) scaler.overflowed = bad !== undefined;
    const lr = optimizer.lr;
    const scaling = scaler && { lossScale: scaler.scale, ...(stepped && bad && { skipped: true }) };
    this.#position.microBatch += 1;
    if (stepped) this.#step(joint);
    const { microBatch } = this.#position;
    const gradNorms = Object.fromEntries(
      norms.filter(({ norm }) => Number.isFinite(norm)).map(({ name, norm }) => [name, norm]),
    );
    const tokens = tokensOf?.(batch) ?? 0;
    const ms = performance.now() - start;
    const more = { ...scaling, ...(pieces > 1 && { pieces }) };
    return { record: { step, microBatch, loss: value, parts: values, gradNorms, lr, tokens, ms, ...more }, stepped };
  }

  /** @param joint the gradients' joint norm, where it is known already */
  #step(joint?: number): void {
    const { scaler } = this.options;
    if (!scaler?.overflowed) this.#move(joint);
    scaler?.update();
    this.#position.step += 1;
    this.#scheduler?.step();
  }

  #move(joint: number | undefined): void {
    const { optimizer, parameters, maxGradNorm, scaler } = this.options;
    scaler?.unscale(parameters);
    if (maxGradNorm !== undefined) {
      const all = parameters.map(([, parameter]) => parameter);
      if (joint === undefined) clipGradNorm(all, maxGradNorm);
      else scaleGrads(all, joint, maxGradNorm);
    }
    optimizer.step();
  }

  /** The last, smaller step of gradients that are left over, unless they are to be dropped. */
  finish(): void {
    if (this.#gathering && this.options.dropLeftoverAfter === undefined) this.#step();
  }

  close(): void {
    const { optimizer } = this.options;
    this.#source.return?.();
    optimizer.zeroGrad();
    optimizer.groups.forEach((group, i) => (group.lr = this.#ownRates[i]));
  }
}

function describeLoss(value: number, parts: Record<string, number>): string {
  const named = Object.entries(parts).map(([name, part]) => `${name} ${part}`);
  return `the loss is ${value}${named.length > 0 ? ` (${named.join(', ')})` : ''}`;
}
