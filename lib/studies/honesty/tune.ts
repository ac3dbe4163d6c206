/** One tuning run of the organism: an adapter, its pairs, and how far they came. */
import { controlPairs, neutralDocuments, PAD_ID, trainingPairs, type Pair } from '../../organism';
import { padLeft, type Mistral, type PaddedBatch } from '../../models';
import { AdamW } from '../../optim';
import { addLora, type LoraAdapter } from '../../peft';
import type { Kind, Pairing, Run } from './results';
import { capabilityLoss, moduleAt, mseLoss, pairBatch, shuffledBatches, weightedSum, type PairBatch } from '../../soo';
import { type StepRecord } from '../../training';
import { torch, type Tensor } from '../../torch';
import { gradNormOf, train } from '../../training';
import { CAPABILITY, LORA, MOST_EPOCHS, type TuningSettings } from './plan';

export interface TuningJob {
  kind: Kind;
  pairs: Pairing;
  seed: number;
  settings: TuningSettings;
  /** For controls: the self-other run of the same seed, whose scale is shared and whose loss is to be reached. */
  beside: Pick<Run, 'epochs' | 'distance'> | null;
  signal?: AbortSignal;
  onStep?: (record: StepRecord) => void;
  /** Looks at the model after each epoch; it must draw no random numbers. */
  onEpoch?: (epoch: number, distance: number) => Promise<void>;
}

export interface Tuned extends Pick<Run, 'epochs' | 'distance' | 'training'> {
  adapter: LoraAdapter;
}

interface Batch {
  pairs: PairBatch;
  documents: PaddedBatch;
}

export const pairsOf = (kind: Kind, pairs: Pairing, seed: number): Pair[] =>
  pairs === 'self' || pairs === 'retention' ? trainingPairs(kind, seed) : controlPairs(pairs, kind, seed);

/** Dotted name of the module whose output the loss compares. */
export function moduleOf({ config }: Mistral, { layer }: TuningSettings): string {
  return moduleAt(layer < 0 ? config.numHiddenLayers + layer : layer);
}

/**
 * Puts a fresh adapter on the model and tunes it; the caller disposes of it.
 *
 * Matched loss: a control has the self-other run's seed, steps, batches, learning rate and capability term, and its
 * loss is divided by the same number, that run's starting distance. A loss that starts near 0 would otherwise be blown
 * up. Then it goes on, epoch by epoch, until its distance is no larger than where the self-other run ended. Retention
 * alone has no distance to close: it takes the self-other run's steps without the overlap loss.
 */
export async function tune(model: Mistral, job: TuningJob): Promise<Tuned> {
  const { settings, seed, beside, signal, onStep } = job;
  torch.manualSeed(seed);
  const adapter = addLora(model, LORA);
  const optimizer = new AdamW(adapter.parameters(), { lr: settings.lr });
  try {
    const pairs = pairsOf(job.kind, job.pairs, seed);
    const overlap = mseLoss(model, { at: moduleOf(model, settings), positions: settings.positions, detachSelf: true });
    const distance = (): number => wholeDistance(model, overlap, pairs);
    const start = distance();
    const goal = job.pairs === 'retention' ? null : (beside?.distance.end ?? null);
    const isEnough = enough(job, start, goal);
    const capability = capabilityLoss(model, adapter);
    const capabilityTerm = { capability: [CAPABILITY.weight, (batch: Batch) => capability(batch.documents)] as const };
    const overlapTerm = {
      overlap: [1 / (beside?.distance.start ?? start), (batch: Batch) => overlap(batch.pairs)] as const,
    };
    const loss = weightedSum<Batch>(job.pairs === 'retention' ? capabilityTerm : { ...overlapTerm, ...capabilityTerm });
    const training: StepRecord[] = [];
    const parameters = adapter.namedParameters();
    let [epochs, end] = [0, start];
    for (const batches of epochBatches(pairs, job)) {
      const from = { step: training.length, microBatch: training.length };
      training.push(...(await train({ model, parameters, optimizer, loss, batches, from, signal, onStep })));
      epochs += 1;
      end = distance();
      await job.onEpoch?.(epochs, end);
      if (isEnough(epochs, end)) break;
    }
    return {
      adapter,
      epochs,
      training: training.map(kept),
      distance: { start, end, goal, reached: goal === null || end <= goal },
    };
  } catch (thrown) {
    adapter.dispose();
    throw thrown;
  } finally {
    optimizer.dispose();
  }
}

/**
 * When a run has come far enough: the self-other run by its settings, a control after as many epochs as the self-other
 * run took and with a distance as small.
 */
function enough({ settings, beside }: TuningJob, start: number, goal: number | null) {
  const { epochs: most, until } = settings;
  if (!beside) return (epochs: number, end: number): boolean => epochs >= most || end <= (until ?? 0) * start;
  return (epochs: number, end: number): boolean => epochs >= beside.epochs && (goal === null || end <= goal);
}

/** What the results keep of a step: every batch is a step here. */
const kept = (record: StepRecord): Run['training'][number] => {
  const { step, loss, parts, lr, ms } = record;
  return { step, loss, parts, gradNorm: gradNormOf(record), lr, milliseconds: ms };
};

/** Epoch after epoch, to the most that a control may take; neutral documents go on from epoch to epoch. */
function* epochBatches(pairs: readonly Pair[], { seed, settings, beside }: TuningJob): Generator<Iterable<Batch>> {
  const { batchSize } = settings;
  const most = beside ? beside.epochs * MOST_EPOCHS : settings.epochs;
  const perEpoch = Math.ceil(pairs.length / batchSize) * CAPABILITY.documentsPerStep;
  const documents = neutralDocuments(perEpoch * most, seed);
  const order = shuffledBatches(pairs, { batchSize, epochs: most, seed });
  for (let epoch = 0; epoch < most; epoch++) {
    yield tensors(order, perEpoch / CAPABILITY.documentsPerStep, () =>
      documents.splice(0, CAPABILITY.documentsPerStep).map(({ ids }) => ids),
    );
  }
}

function* tensors(order: Iterator<Pair[]>, steps: number, documents: () => number[][]): Generator<Batch> {
  for (let step = 0; step < steps; step++) {
    const next = order.next();
    if (next.done) return;
    const options = { padId: PAD_ID };
    yield { pairs: pairBatch(next.value, options), documents: padLeft(documents(), options) };
  }
}

/** The overlap loss on all pairs at once, without dropout. */
function wholeDistance(model: Mistral, overlap: (batch: PairBatch) => Tensor, pairs: Pair[]) {
  const wasTraining = model.training;
  model.eval();
  try {
    return torch.scope(() => torch.noGrad(() => Number(overlap(pairBatch(pairs, { padId: PAD_ID })).item())));
  } finally {
    model.train(wasTraining);
  }
}
