import t from 'tap';
import {
  batchMeanKl,
  capabilityLoss,
  klLoss,
  latentOverlap,
  meanSquare,
  mseLoss,
  type Compared,
  type PairBatch,
  type TokenPair,
} from '../../lib/soo';
import { gradientNorms } from '../../lib/training';
import type { Tensor } from '../../lib/torch';
import { padLeft, pairBatch, torch } from '../device';
import { expected, largestDifference, numbers } from '../parity/expected';
import { tunedTiny } from './tiny';

interface Case {
  loss: number;
  gradNorms: Record<string, number>;
}
interface Latent {
  pairs: number;
  mean: number;
  perModule: Record<string, number>;
}
type LossName = `${'mse' | 'kl'}${'' | 'Real' | 'Differing' | 'Last' | 'Detached'}`;

torch.setNumThreads(1);

// Made by test/parity/make_soo.py with PyTorch, transformers and peft.
const file = expected<{
  formulas: { shape: number[]; self: number[]; other: number[] } & Record<
    'mse' | 'kl',
    { loss: number; gradSelf: number[]; gradOther: number[] }
  >;
  module: string;
  pairs: [number[], number[]][];
  documents: number[][];
  losses: Record<'equal' | 'padded', { width: number; pairs: number } & Record<LossName, Case>>;
  capability: Case;
  latent: Latent;
  latentBase: Latent;
}>('soo');

const pairs = (count: number): TokenPair[] =>
  file.pairs.slice(0, count).map(([selfIds, otherIds]) => ({ selfIds, otherIds }));
const item = (tensor: Tensor): number => Number(tensor.item());
const relative = (actual: number, wanted: number): number => Math.abs(actual - wanted) / Math.abs(wanted);

t.test('the two formulas, with gradients to both sides', async (t) => {
  const { shape, self, other } = file.formulas;
  const leaf = (values: number[]): Tensor => torch.tensor(values).reshape(shape).requiresGrad_(true);
  for (const [name, formula] of [
    ['mse', meanSquare],
    ['kl', batchMeanKl],
  ] as const) {
    const sides: Compared = { self: leaf(self), other: leaf(other), mask: undefined };
    const loss = formula(sides);
    t.ok(relative(item(loss), file.formulas[name].loss) < 1e-6, `${name}: ${item(loss)}`);
    const [gradSelf, gradOther] = torch.grad(loss, [sides.self, sides.other]) as [Tensor, Tensor];
    t.ok(largestDifference(numbers(gradSelf), file.formulas[name].gradSelf) < 1e-6, `${name}: gradient to self`);
    t.ok(largestDifference(numbers(gradOther), file.formulas[name].gradOther) < 1e-6, `${name}: gradient to other`);

    const all = { ...sides, mask: torch.ones(shape.slice(0, 2), { dtype: 'bool' }) };
    t.ok(relative(item(formula(all)), item(loss)) < 1e-6, `${name}: a mask that leaves nothing out changes nothing`);
  }
});

const CHOICES: Record<string, { name: LossName; options: object }[]> = {};
for (const kind of ['mse', 'kl'] as const) {
  CHOICES[kind] = [
    { name: kind, options: { countPads: true } },
    { name: `${kind}Real`, options: {} },
    { name: `${kind}Differing`, options: { positions: 'differing' } },
    { name: `${kind}Last`, options: { positions: 'last' } },
    { name: `${kind}Detached`, options: { detachSelf: true } },
  ];
}

t.test('the losses of a model with an adapter, and the norm of every gradient', async (t) => {
  const { model, adapter } = tunedTiny();
  const check = (what: string, loss: Tensor, wanted: Case): void => {
    for (const parameter of model.parameters()) parameter.grad = null;
    loss.backward();
    const far = relative(item(loss), wanted.loss);
    t.ok(far < 1e-5, `${what}: ${far.toExponential(1)} from Python's ${wanted.loss}`);
    const norms = gradientNorms(adapter.namedParameters());
    const reached = norms.filter(({ norm }) => norm > 0).map(({ name }) => name);
    t.same(new Set(reached), new Set(Object.keys(wanted.gradNorms).filter((name) => wanted.gradNorms[name] > 0)), what);
    const worst = Math.max(...norms.map(({ name, norm }) => (norm ? relative(norm, wanted.gradNorms[name]) : 0)));
    t.ok(worst < 1e-4, `${what}: gradient norms within ${worst.toExponential(1)}`);
    const base = model.parameters().filter((parameter) => !adapter.parameters().includes(parameter));
    t.notOk(
      base.some((parameter) => parameter.grad),
      `${what}: no gradient reaches the base`,
    );
  };
  for (const name of ['equal', 'padded'] as const) {
    const wanted = file.losses[name];
    const batch: PairBatch = pairBatch(pairs(wanted.pairs), { width: wanted.width, numbering: 'padded' });
    for (const choice of CHOICES.mse) {
      const loss = mseLoss(model, { at: file.module, ...choice.options });
      check(`${name} ${choice.name}`, loss(batch), wanted[choice.name]);
    }
    for (const choice of CHOICES.kl) {
      check(`${name} ${choice.name}`, klLoss(model, choice.options)(batch), wanted[choice.name]);
    }
  }
  check('capability', capabilityLoss(model, adapter)(padLeft(file.documents)), file.capability);
});

t.test("latent overlap is upstream's, with and without the adapter", async (t) => {
  const { model, adapter } = tunedTiny();
  const equal = pairs(file.pairs.length).filter(({ selfIds, otherIds }) => selfIds.length === otherIds.length);
  const check = (what: string, wanted: Latent): void => {
    const { mean, perModule, perPair, unequal } = latentOverlap(model, equal);
    t.equal(perPair.length, wanted.pairs);
    t.equal(unequal, 0);
    t.ok(relative(mean, wanted.mean) < 1e-5, `${what}: mean ${mean}`);
    t.same(new Set(Object.keys(perModule)), new Set(Object.keys(wanted.perModule)), `${what}: the same modules`);
    const worst = Math.max(...Object.entries(wanted.perModule).map(([n, value]) => relative(perModule[n], value)));
    t.ok(worst < 1e-4, `${what}: every module within ${worst.toExponential(1)}`);
  };
  check('tuned', file.latent);
  adapter.withoutAdapter(() => check('adapter off', file.latentBase));
  adapter.dispose();
  check('adapter taken off', file.latentBase);
});
