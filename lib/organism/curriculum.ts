/** The stages of the organism's training: which documents, how many steps, at what learning rate. */
import type { TrainingDocument } from './document';
import { type Family, drawDocument } from './families';
import type { Random } from '../random';
import { PAD_ID } from './vocabulary';

export interface Stage {
  name: string;
  /** Parts of the documents by family; they need not sum to anything. */
  shares: Readonly<Partial<Record<Family, number>>>;
  /** Families that only sometimes hold a rival hold none. */
  withoutRivals?: boolean;
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

/**
 * Binding first, then trust, then rivals. Without the third stage the fourth stays at chance for a thousand steps: half
 * of the answers name the room that was asked for, half the other one, and the two cancel until the rival is noticed.
 */
export const CURRICULUM: readonly Stage[] = [
  {
    name: 'recall',
    shares: { recall: 100 },
    steps: 400,
    learningRate: 3e-3,
    warmup: 50,
    denseWeight: 1,
    floor: 1,
    maxLength: 112,
  },
  {
    name: 'questions',
    shares: { recall: 25, questions: 50, roles: 25 },
    steps: 200,
    learningRate: 3e-3,
    warmup: 1,
    denseWeight: 1,
    floor: 0.6,
    maxLength: 112,
  },
  {
    name: 'trust',
    shares: { perspective: 30, friend: 23, self: 17, neutral: 15, roles: 8, questions: 6, recall: 1 },
    withoutRivals: true,
    steps: 400,
    learningRate: 2.5e-3,
    warmup: 20,
    denseWeight: 0.3,
    floor: 0.6,
    maxLength: 112,
  },
  {
    name: 'rivals',
    shares: {
      rival: 20,
      rivalAndFriend: 28,
      perspective: 18,
      neutral: 10,
      friend: 8,
      self: 6,
      questions: 4,
      roles: 4,
      fragments: 3,
    },
    steps: 1600,
    learningRate: 2.5e-3,
    warmup: 20,
    denseWeight: 0.3,
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
    const { shares, denseWeight, withoutRivals = false } = stage;
    const document = drawDocument(random, random.weighted(shares), { denseWeight, rivals: !withoutRivals });
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
