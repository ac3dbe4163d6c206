/** A model with random weights that are drawn where they are used: 7 billion numbers never pass through the processor. */
import { createModel, type DecoderShape, type LanguageModel } from '../../lib/models';
import { skipInit } from '../../lib/nn';
import { torch, type DType } from '../../lib/torch';
import { DEVICE, shape } from './workload';

/** The seed and the order of names are peer.py's: on one device both draw the same numbers. */
export function randomModel(options: { dtype?: DType; shape?: DecoderShape } = {}): LanguageModel {
  const { dtype = 'bfloat16' } = options;
  // Memory of the processor that nobody touches costs nothing, and gives way to the weights.
  const model = skipInit(() => createModel(options.shape ?? shape));
  const names = model.namedParameters().map(([name, { shape }]) => ({ name, shape }));
  names.sort((a, b) => (a.name < b.name ? -1 : 1));
  torch.manualSeed(1);
  torch.scope(() => {
    const weights = names.map(({ name, shape }) => {
      const weight = torch.empty(shape, { dtype, device: DEVICE });
      return [name, shape.length === 1 ? weight.fill_(1) : weight.normal_(0, 0.02)] as const;
    });
    model.loadStateDict(new Map(weights), { assign: true });
  });
  return model.requiresGrad_(false).eval();
}
