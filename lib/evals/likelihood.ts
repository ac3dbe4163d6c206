/** How likely a model finds a text. */
import type { LanguageModel } from '../models';
import { torch } from '../torch';

/** Positions whose log-probabilities are held at once: each has one for every word of the vocabulary. */
const CHUNK = 64;

/**
 * Summed negative log-likelihood of the tokens from `from` on, in nats, each behind all that stand before it. Probabilities
 * are float32, and summed as float64.
 */
export function negativeLogLikelihood(model: LanguageModel, ids: readonly number[], from: number): number {
  return torch.scope(() =>
    torch.inferenceMode(() => {
      const input = torch.tensor(BigInt64Array.from(ids, BigInt), { shape: [1, ids.length] }).to(model.device);
      const logits = model.call(input, { frees: true }).select(0, 0);
      let loss = 0;
      for (let at = from; at < ids.length; at += CHUNK) {
        const length = Math.min(CHUNK, ids.length - at);
        loss -= torch.scope(() => {
          const scores = logits
            .narrow(0, at - 1, length)
            .to('float32')
            .logSoftmax(-1);
          const wanted = input.select(0, 0).narrow(0, at, length).unsqueeze(1);
          return scores.gather(1, wanted).to('float64').sum().item<number>();
        });
      }
      return loss;
    }),
  );
}
