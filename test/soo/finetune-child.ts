/** A child that fine-tunes the tiny model into a folder, to be killed and started again. */
import { UPSTREAM, finetune, type TokenPair, type FinetuneConfig } from '../../lib/soo';
import { torch } from '../../lib/torch';
import { tinyModel } from './tiny';

export const PAIRS: TokenPair[] = Array.from({ length: 13 }, (_, i) => ({
  selfIds: [1, 20 + i, 31, 42, 7 + i],
  otherIds: [1, 20 + i, 200 + i, 42, 7 + i],
}));

/** Other lengths, so that the batches are padded. */
export const UNEVEN: TokenPair[] = PAIRS.map(({ selfIds, otherIds }, i) => ({
  selfIds: i % 3 === 0 ? selfIds.slice(1) : selfIds,
  otherIds: i % 4 === 1 ? otherIds.slice(2) : otherIds,
}));

export const NEUTRAL = [
  [1, 20, 31],
  [1, 44, 45, 46, 47],
  [1, 60],
  [1, 70, 71, 72],
];

export const CONFIG: FinetuneConfig = {
  ...UPSTREAM,
  batch: 2,
  accumulate: 3,
  epochs: 12,
  dropLeftover: false,
  lr: 1e-3,
  schedule: 'cosine',
  warmupSteps: 2,
};

/** Tunes into `folder`. */
export function tuneTiny(folder: string, more: Partial<Parameters<typeof finetune>[0]> = {}) {
  torch.setNumThreads(1);
  const model = tinyModel();
  return finetune({ folder, model, pairs: PAIRS, config: CONFIG, padId: 2, inputs: {}, origin: {}, ...more });
}

if (require.main === module) {
  const [folder] = process.argv.slice(2) as [string];
  process.send?.('ready');
  // Slowed down, so that a kill meets the part of the run that it is meant for.
  const pause = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8);
  const onStep = (): void => {
    process.send?.('step');
    pause();
  };
  void tuneTiny(folder, { resume: true, onStep }).then(() => process.exit(0));
}
