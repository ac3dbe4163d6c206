'use strict';

/**
 * What every sample does: operators, a hook, a custom function and a module of soo-torch, with results that are known.
 * @returns [20, 40, 60] (the gradient of x², ten times), [3, 2] and 'crown'
 */
function work({ torch, nn, models, organism }) {
  const x = torch.tensor([1, 2, 3], { dtype: 'float64', requiresGrad: true });
  x.registerHook((grad) => grad.mul(10));
  const square = torch.customFunction({
    forward: (context, input) => (context.saveForBackward(input), input.mul(input)),
    backward: ({ savedTensors: [input] }, grad) => grad.mul(input).mul(2),
  });
  torch.scope(() => square(x).sum().backward());
  const { shape } = torch.scope(() => new nn.Linear(4, 2).call(torch.ones([3, 4])));
  const model = models.loadModel(organism.folder);
  const word = model.tokenizer.decode(model.tokenizer.encode('crown')).trim();
  return { gradient: x.grad.toArray(), shape, word };
}

const WANTED = { gradient: [20, 40, 60], shape: [3, 2], word: 'crown' };

module.exports = { work, WANTED };
