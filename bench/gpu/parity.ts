/**
 * Operators and a small model on the device beside the processor in float64: the largest distance of each, as a share of
 * the largest value, in float32 and bfloat16. Ends with 1 when one is farther off than its dtype explains.
 */
import { createModel, generate, padLeft, type LanguageModel } from '../../lib/models';
import { addLora } from '../../lib/peft';
import { klLoss, mseLoss, pairBatch } from '../../lib/soo';
import { torch, type DType, type Tensor } from '../../lib/torch';
import { device, tell } from './measure';

type Operator = (a: Tensor, b: Tensor, c: Tensor) => Tensor;

/** Of three matrices [64, 64]; what needs positive numbers or images makes them. */
const OPERATORS: Record<string, Operator> = {
  add: (a, b) => a.add(b),
  mul: (a, b) => a.mul(b),
  div: (a, b) => a.div(b.abs().add(1)),
  exp: (a) => a.exp(),
  log: (a) => a.abs().add(1).log(),
  sin: (a) => a.sin(),
  tanh: (a) => a.tanh(),
  gelu: (a) => a.gelu(),
  silu: (a) => a.silu(),
  softplus: (a) => a.softplus(),
  rsqrt: (a) => a.square().add(1).rsqrt(),
  erf: (a) => a.erf(),
  sum: (a) => a.sum([1]),
  mean: (a) => a.mean([0]),
  variance: (a) => torch.var(a, [1]),
  norm: (a) => torch.linalgVectorNorm(a, 2, [1]),
  cumsum: (a) => a.cumsum(1),
  logsumexp: (a) => a.logsumexp([1]),
  softmax: (a) => a.softmax(-1),
  logSoftmax: (a) => a.logSoftmax(-1),
  matmul: (a, b) => a.matmul(b),
  addmm: (a, b, c) => torch.addmm(a, b, c),
  bmm: (a, b) => torch.bmm(a.view([4, 16, 64]), b.view([4, 64, 16])),
  einsum: (a, b) => torch.einsum('ij,kj->ik', [a, b]),
  linear: (a, b, c) => torch.linear(a, b, c.select(0, 0)),
  layerNorm: (a, b, c) => torch.layerNorm(a, [64], { weight: b.select(0, 0), bias: c.select(0, 0) }),
  rmsNorm: (a, b) => torch.rmsNorm(a, [64], b.select(0, 0)),
  groupNorm: (a) => torch.groupNorm(a.view([2, 8, 256]), 4),
  conv1d: (a, b) => torch.conv1d(a.view([1, 64, 64]), b.view([64, 64, 1])),
  conv2d: (a, b) => torch.conv2d(a.view([1, 4, 32, 32]), b.flatten().narrow(0, 0, 288).view([8, 4, 3, 3])),
  maxPool2d: (a) => torch.maxPool2d(a.view([1, 1, 64, 64]), [2, 2]),
  attention: (a, b, c) => {
    const heads = (x: Tensor): Tensor => x.view([1, 4, 16, 64]);
    return torch.scaledDotProductAttention(heads(a), heads(b), heads(c), { isCausal: true });
  },
  mseLoss: (a, b) => torch.mseLoss(a, b),
  klDiv: (a, b) => torch.klDiv(a.logSoftmax(-1), b.softmax(-1), 1),
  crossEntropy: (a) => torch.crossEntropyLoss(a, torch.arange(64, { dtype: 'int64', device: a.device })),
  embedding: (a) => torch.embedding(a, torch.arange(0, 64, 3, { dtype: 'int64', device: a.device })),
  gather: (a) => a.gather(1, torch.arange(64, { dtype: 'int64', device: a.device }).view([64, 1])),
  scatterAdd: (a, b) => a.scatterAdd(1, torch.zeros([64, 64], { dtype: 'int64', device: a.device }), b),
  indexSelect: (a) => a.indexSelect(0, torch.tensor([5, 3, 60], { device: a.device })),
  where: (a, b) => torch.where(a.gt(b), a, b),
  sort: (a) => a.sort(-1, false)[0],
  topk: (a) => torch.topk(a, 5)[0],
  tril: (a) => a.tril(),
  cat: (a, b) => torch.cat([a, b], 1),
  flip: (a) => a.flip([0]),
  roll: (a) => a.roll([3], [1]),
  inverse: (a) => torch.linalgInv(a.matmul(a.mT()).add(torch.eye(64, { dtype: a.dtype, device: a.device }).mul(64))),
};

const BOUNDS: Partial<Record<DType, number>> = { float32: 2e-5, bfloat16: 0.1 };
/** libtorch has these for single precision and more. */
const NOT_IN_HALF = new Set(['inverse']);
const missed: string[] = [];

function distanceOf(actual: Tensor, wanted: Tensor): number {
  const exact = wanted.to('cpu', 'float64');
  const most = Math.max(1e-12, Number(exact.abs().max().item()));
  const off = Number(actual.detach().to('cpu', 'float64').sub(exact).abs().max().item());
  return off / most;
}

function compare(name: string, dtype: DType, distance: number, bound = BOUNDS[dtype] ?? 0): number {
  if (!(distance <= bound)) missed.push(`${name} in ${dtype}: ${distance.toExponential(1)}, allowed ${bound}`);
  return distance;
}

/** The result and the gradients of its sum, weighted so that no gradient is all ones. */
function resultsOf(operator: Operator, inputs: readonly Tensor[]): Tensor[] {
  const leaves = inputs.map((input) => input.detach().requiresGrad_(true));
  const result = operator(leaves[0], leaves[1], leaves[2]);
  const flat = result.flatten();
  const weights = torch.arange(flat.numel(), { dtype: 'float64', device: flat.device }).cos().to(flat.dtype);
  flat.mul(weights).sum().backward();
  return [result.detach(), ...leaves.flatMap(({ grad }) => (grad ? [grad] : []))];
}

function compareOperators(): void {
  const generator = torch.generator({ seed: 1 });
  const drawn = Array.from({ length: 3 }, () => torch.randn([64, 64], { dtype: 'float64', generator }));
  for (const dtype of ['float32', 'bfloat16'] as const) {
    let most = 0;
    for (const [name, operator] of Object.entries(OPERATORS)) {
      if (dtype === 'bfloat16' && NOT_IN_HALF.has(name)) continue;
      torch.scope(() => {
        // Both sides start from what the narrower type can hold.
        const inputs = drawn.map((input) => input.to(dtype));
        try {
          const wanted = resultsOf(
            operator,
            inputs.map((input) => input.to('float64')),
          );
          const actual = resultsOf(
            operator,
            inputs.map((input) => input.to(device())),
          );
          actual.forEach((tensor, i) => {
            const what = i === 0 ? name : `${name}, gradient ${i}`;
            most = Math.max(most, compare(what, dtype, distanceOf(tensor, wanted[i])));
          });
        } catch (error) {
          missed.push(`${name} in ${dtype}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
        }
      });
    }
    tell(`parity.operators.${dtype}`, most, 'of the largest value');
  }
  tell('parity.operators', Object.keys(OPERATORS).length, 'operators');
}

const SHAPE = {
  modelType: 'mistral',
  vocabSize: 256,
  hiddenSize: 128,
  intermediateSize: 256,
  numHiddenLayers: 4,
  numAttentionHeads: 8,
  numKeyValueHeads: 2,
  initializerRange: 0.1,
};
const PROMPTS = [
  [5, 9, 200, 31, 77, 4],
  [8, 8, 120],
  [250, 3, 17, 99],
];

/** Equal weights: the processor's numbers, drawn once. */
function modelsBeside(dtype: DType): { here: LanguageModel; there: LanguageModel } {
  const made = (): LanguageModel => {
    torch.manualSeed(3);
    return createModel(SHAPE).requiresGrad_(false).eval();
  };
  const here = made().to('cpu', dtype);
  return { here: here.to('cpu', 'float64'), there: made().to(device(), dtype) };
}

function compareModel(dtype: 'float32' | 'bfloat16'): void {
  const { here, there } = modelsBeside(dtype);
  const bound = dtype === 'float32' ? 1e-4 : 8e-2;
  const logits = (model: LanguageModel): Tensor => {
    const { ids, attentionMask } = padLeft(PROMPTS, { device: model.device });
    return model.call(ids, { attentionMask, lastTokenOnly: true });
  };
  const distance = torch.scope(() => torch.noGrad(() => distanceOf(logits(there), logits(here))));
  tell(`parity.model.${dtype}`, compare('logits', dtype, distance, bound), 'of the largest logit');
  for (const name of ['kl', 'mse'] as const) {
    const [wanted, actual] = [here, there].map((model) => tuned(model, name));
    const off = Math.abs(actual.loss / wanted.loss - 1);
    tell(`parity.${name}.${dtype}`, compare(`${name} loss`, dtype, off, 10 * bound), 'of the loss');
    if (dtype !== 'float32') continue;
    const gradients = wanted.gradients.map((gradient, i) => distanceOf(actual.gradients[i], gradient));
    const most = Math.max(...gradients);
    tell(`parity.${name}.gradients`, compare(`${name} gradients`, dtype, most, 1e-3), 'of the largest entry');
  }
}

/** Loss and gradients of a LoRA adapter with equal entries on both sides. */
function tuned(model: LanguageModel, name: 'kl' | 'mse'): { loss: number; gradients: Tensor[] } {
  const adapter = addLora(model, { r: 4, alpha: 8, dropout: 0, targetModules: ['q_proj', 'v_proj'] });
  const parameters = adapter.parameters();
  torch.noGrad(() => {
    for (const [i, parameter] of parameters.entries()) {
      const counted = torch.arange(parameter.numel(), { dtype: 'float64' });
      const values = counted
        .add(i)
        .sin()
        .mul(0.2)
        .view([...parameter.shape]);
      parameter.copy_(values.to('float32'));
    }
  });
  const loss = name === 'kl' ? klLoss(model) : mseLoss(model, { at: model.attentionOutput(2) });
  const pairs = [
    { selfIds: PROMPTS[0], otherIds: PROMPTS[2] },
    { selfIds: PROMPTS[1], otherIds: PROMPTS[0] },
  ];
  const value = loss(pairBatch(pairs, { device: model.device }));
  value.backward();
  // A parameter behind the compared layer has no gradient.
  const gradients = parameters.flatMap(({ grad }) => (grad ? [grad.to('cpu', 'float64').keep()] : []));
  const result = { loss: Number(value.item()), gradients };
  adapter.dispose();
  return result;
}

async function compareAnswers(): Promise<void> {
  const { here, there } = modelsBeside('float32');
  const options = { maxNewTokens: 24, eosId: null };
  const [wanted, actual] = [await generate(here, PROMPTS, options), await generate(there, PROMPTS, options)];
  const sampling = { temperature: 0.8, topK: 50, seed: 7 };
  const [drawn, drawnThere] = [
    await generate(here, PROMPTS, { ...options, sampling }),
    await generate(there, PROMPTS, { ...options, sampling }),
  ];
  const differing = (a: number[][], b: number[][]): number =>
    a.flat().filter((token, i) => token !== b.flat()[i]).length;
  tell('parity.greedy-tokens', differing(wanted, actual), 'tokens that differ');
  tell('parity.drawn-tokens', differing(drawn, drawnThere), 'tokens that differ');
  if (differing(wanted, actual) + differing(drawn, drawnThere) > 0) missed.push('answers differ');
}

async function main(): Promise<void> {
  compareOperators();
  compareModel('float32');
  compareModel('bfloat16');
  await compareAnswers();
  for (const line of missed) process.stdout.write(`${line}\n`);
  process.exitCode = missed.length > 0 ? 1 : 0;
}

void main();
