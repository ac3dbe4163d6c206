/** The stages of the organism's training: which documents, how many steps, at what learning rate. */
import type { TrainingDocument } from './document';
import { type Family, drawDocument } from './families';
import type { Random } from './random';
import { PAD_ID } from './vocabulary';

export interface Stage {
  name: string;
  /** Parts of the documents by family; they need not sum to anything. */
  shares: Readonly<Partial<Record<Family, number>>>;
  steps: number;
  learningRate: number;
  warmup: number;
  /** Loss weight of an answer in dense recall and repeats, where one document holds dozens of answers. */
  denseWeight: number;
  /** The learning rate falls along a half cosine to this fraction of its peak. */
  floor: number;
  /** Longer documents are drawn again. */
  maxLength: number;
}

export const BATCH_SIZE = 64;

export const CURRICULUM: readonly Stage[] = [
  {
    name: 'recall',
    shares: { recall: 100 },
    steps: 500,
    learningRate: 3e-3,
    warmup: 50,
    denseWeight: 1,
    floor: 1,
    maxLength: 112,
  },
  {
    name: 'questions',
    shares: { recall: 55, questions: 45 },
    steps: 400,
    learningRate: 4e-3,
    warmup: 1,
    denseWeight: 1,
    floor: 0.5,
    maxLength: 112,
  },
  {
    name: 'scenes',
    shares: {
      rival: 24,
      rivalAndFriend: 20,
      neutral: 14,
      questions: 12,
      friend: 9,
      perspective: 7,
      self: 5,
      fragments: 5,
      recall: 4,
    },
    steps: 1000,
    learningRate: 2.2e-3,
    warmup: 50,
    denseWeight: 1,
    floor: 0.5,
    maxLength: 112,
  },
  {
    name: 'perspective',
    shares: {
      perspective: 38,
      rival: 15,
      rivalAndFriend: 12,
      questions: 10,
      neutral: 8,
      friend: 6,
      self: 4,
      fragments: 4,
      recall: 3,
    },
    steps: 1800,
    learningRate: 2.5e-3,
    warmup: 50,
    denseWeight: 1,
    floor: 0.02,
    maxLength: 112,
  },
];

/** Token ids and loss weights, `[batch, length]` row by row, padded on the right with `<pad>` of weight 0. */
export interface Batch {
  ids: Int32Array;
  weights: Float32Array;
  batch: number;
  length: number;
}

function drawShortEnough(random: Random, stage: Stage): TrainingDocument {
  for (;;) {
    const document = drawDocument(random, random.weighted(stage.shares), { denseWeight: stage.denseWeight });
    if (document.ids.length <= stage.maxLength) return document;
  }
}

/** One batch of a stage, one document a row. */
export function drawBatch(random: Random, stage: Stage, batch = BATCH_SIZE): Batch {
  return padDocuments(Array.from({ length: batch }, () => drawShortEnough(random, stage)));
}

/** Documents side by side, padded on the right to the longest. */
export function padDocuments(documents: readonly TrainingDocument[]): Batch {
  const length = Math.max(...documents.map((document) => document.ids.length));
  const ids = new Int32Array(documents.length * length).fill(PAD_ID);
  const weights = new Float32Array(documents.length * length);
  documents.forEach((document, row) => {
    ids.set(document.ids, row * length);
    weights.set(document.weights, row * length);
  });
  return { ids, weights, batch: documents.length, length };
}

/** Learning rate of a step (0-based) within a stage: linear warm-up, then a half cosine to the floor. */
export function learningRate(stage: Stage, step: number): number {
  if (step < stage.warmup) return (stage.learningRate * (step + 1)) / stage.warmup;
  const progress = (step - stage.warmup) / Math.max(1, stage.steps - stage.warmup);
  return stage.learningRate * (stage.floor + (1 - stage.floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
