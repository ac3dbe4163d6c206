/** The loop that trains the organism through its curriculum. */
import type { LanguageModel } from '../models';
import { AdamW, clipGradNorm } from '../optim';
import { torch } from '../torch';
import { type Batch, type Stage, drawBatch, learningRate } from './curriculum';
import type { Random } from '../random';

/** One step done. */
export interface TrainingStep {
  stage: Stage;
  /** Counts from 1 over all stages. */
  step: number;
  loss: number;
  gradNorm: number;
}

/** One step of AdamW on the weighted cross-entropy of a batch, divided by the sum of the weights. */
function descend(model: LanguageModel, optimizer: AdamW, batch: Batch): { loss: number; gradNorm: number } {
  return torch.scope(() => {
    const shape = [batch.batch, batch.length];
    const ids = torch.tensor(batch.ids, { dtype: 'int64', shape });
    const weights = torch
      .tensor(batch.weights, { shape })
      .narrow(1, 1, batch.length - 1)
      .reshape([-1]);
    // Pads stand on the right, where no word can look at them: no mask is needed.
    const logits = model.call(ids.narrow(1, 0, batch.length - 1));
    const targets = ids.narrow(1, 1, batch.length - 1).reshape([-1]);
    const each = torch.crossEntropyLoss(logits.flatten(0, 1), targets, null, 0);
    const loss = each.mul(weights).sum().div(weights.sum());
    optimizer.zeroGrad();
    loss.backward();
    const gradNorm = clipGradNorm(model.parameters(), 1, { errorIfNonfinite: true });
    optimizer.step();
    return { loss: Number(loss.item()), gradNorm };
  });
}

/** Trains in place, stage after stage, on one thread's worth of documents drawn as it goes. */
export function trainOrganism(
  model: LanguageModel,
  stages: readonly Stage[],
  random: Random,
  onStep: (done: TrainingStep) => void = () => undefined,
): void {
  const optimizer = new AdamW(model.parameters(), { betas: [0.9, 0.95], weightDecay: 0.01 });
  let step = 0;
  for (const stage of stages) {
    for (let i = 0; i < stage.steps; i++) {
      optimizer.lr = learningRate(stage, i);
      const done = descend(model, optimizer, drawBatch(random, stage));
      onStep({ stage, step: ++step, ...done });
    }
  }
  optimizer.dispose();
}
