/** Which pairs each batch holds, from any place in a run on. */
import { torch } from '../torch';
import { batchesPerEpoch, totalBatches, type TuningConfig } from './finetune-config';

/** The order of one epoch after the other: a new permutation each, from one seeded generator. */
function* orders(count: number, { shuffle, seed }: TuningConfig): Generator<number[]> {
  const generator = torch.generator({ seed });
  const plain = Array.from({ length: count }, (_, i) => i);
  for (;;) yield shuffle ? torch.scope(() => torch.randperm(count, { generator }).toArray() as number[]) : plain;
}

/**
 * Indices of the pairs of every batch after the first `done` ones. The order depends on the seed alone, so a run that is
 * taken up again meets the batches that it would have met.
 */
export function* microBatches(pairs: number, config: TuningConfig, done: number): Generator<number[]> {
  const perEpoch = batchesPerEpoch(pairs, config);
  const total = totalBatches(pairs, config);
  let number = 0;
  for (const order of orders(pairs, config)) {
    for (let i = 0; i < perEpoch; i++, number++) {
      if (number >= total) return;
      if (number >= done) yield order.slice(i * config.batch, (i + 1) * config.batch);
    }
  }
}
