import { join } from 'node:path';
import t from 'tap';
import { contrast, keepingLosses, KEEPING, lostDifference, lostVariance, nextTokenLoss, type FinetuneConfig, type Keeping, type TokenPair } from '../../lib/soo'; // prettier-ignore
import { readSteps } from '../../lib/soo/finetune';
import { gradientNorms } from '../../lib/training';
import type { Tensor } from '../../lib/torch';
import { pairBatch, torch } from '../device';
import { expected, largestDifference, numbers } from '../parity/expected';
import { CONFIG, PAIRS, tuneTiny } from './finetune-child';
import { tunedTiny } from './tiny';

torch.setNumThreads(1);

interface Formula {
  loss: number;
  gradSelf: number[];
  gradOther: number[] | null;
}
interface OnModel {
  loss: number;
  gradNorms: Record<string, number>;
}

// Made by test/parity/make_collapse.py with PyTorch, transformers and peft.
const file = expected<{
  pairs: [number[], number[], number[]][];
  formulas: Record<'shape' | 'self' | 'other' | 'base' | 'more' | 'mask', number[]> &
    Record<Keeping | `${Keeping}Masked`, Formula>;
  keeping: Record<string, Record<Keeping, OnModel>>;
  answers: { answersAt: [number, number][]; loss: number };
}>('collapse');

const item = (tensor: Tensor): number => Number(tensor.item());
const { shape } = file.formulas;
const written = (name: 'self' | 'other' | 'base' | 'more'): Tensor =>
  torch.tensor(file.formulas[name], { dtype: 'float64' }).reshape(shape);
const MASK = torch.tensor(file.formulas.mask, { dtype: 'float64' }).reshape([shape[0], shape[1]]);

const formulas: Record<Keeping, (self: Tensor, other: Tensor, mask?: Tensor) => Tensor> = {
  variance: (self, _, mask) => lostVariance(self, written('base'), mask),
  nameControl: (self, other, mask) => lostDifference([self, other], [written('base'), written('more')], mask),
  contrast: (self, other, mask) => contrast({ self, other }, written('base'), [mask, undefined]),
};

t.test('the formulas and their gradients are PyTorch’s, with and without a mask', async (t) => {
  for (const name of KEEPING) {
    for (const masked of [false, true]) {
      const wanted = file.formulas[masked ? (`${name}Masked` as const) : name];
      const [self, other] = [written('self').requiresGrad_(true), written('other').requiresGrad_(true)];
      const loss = formulas[name](self, other, masked ? MASK : undefined);
      t.ok(Math.abs(item(loss) - wanted.loss) < 1e-8, `${name}: ${item(loss)} (${wanted.loss})`);
      loss.backward();
      t.ok(largestDifference(numbers(self.grad as Tensor), wanted.gradSelf) < 1e-8, `${name}: gradient`);
      if (wanted.gradOther) t.ok(largestDifference(numbers(other.grad as Tensor), wanted.gradOther) < 1e-8);
      else t.equal(other.grad, null);
    }
  }
});

t.test('gradients are those of finite differences', async (t) => {
  const [self, other] = [written('self'), written('other')];
  for (const name of KEEPING) {
    const leaf = self.clone().requiresGrad_(true);
    formulas[name](leaf, other, MASK).backward();
    const gradient = numbers(leaf.grad as Tensor);
    const at = (i: number, by: number): number => {
      const moved = file.formulas.self.map((value, j) => (j === i ? value + by : value));
      return item(formulas[name](torch.tensor(moved, { dtype: 'float64' }).reshape(shape), other, MASK));
    };
    const slopes = gradient.map((_, i) => (at(i, 1e-5) - at(i, -1e-5)) / 2e-5);
    t.ok(largestDifference(gradient, slopes) < 1e-8, `${name}: ${largestDifference(gradient, slopes)}`);
  }
});

t.test('0 where nothing changed, 1 at a constant, and nothing is lost of what was not there', async (t) => {
  const [base, more] = [written('base'), written('more')];
  const constant = base.narrow(0, 0, 1).expand(shape).clone();
  const near = (loss: Tensor, wanted: number, what: string, by = 1e-9): void =>
    void t.ok(Math.abs(item(loss) - wanted) <= by, `${what}: ${item(loss)}`);
  near(lostVariance(base, base), 0, 'variance of the base');
  near(lostVariance(constant, base), 1, 'variance of a constant', 0.01);
  t.ok(Number.isFinite(item(lostVariance(base, constant))), 'of a base that is a constant');
  near(lostDifference([base, more], [base, more]), 0, 'names of the base');
  near(lostDifference([constant, constant], [base, more]), 1, 'names of a constant');
  near(contrast({ self: constant, other: constant }, base), 1, 'contrast of a constant');
  near(contrast({ self: base.mul(9), other: base.mul(9) }, base), 0, 'contrast of prompts far apart', 1e-6);
  const one = (x: Tensor): Tensor => x.narrow(0, 0, 1);
  near(contrast({ self: one(base), other: one(more) }, one(base)), 0, 'contrast of one pair');
  near(lostVariance(one(more), one(base)), 0, 'variance of one prompt');
});

const TRIPLES: TokenPair[] = file.pairs.map(([selfIds, otherIds, renamedIds]) => ({ selfIds, otherIds, renamedIds }));

t.test('on a model, from one pass of it and one of its base', async (t) => {
  for (const [site, wanted] of Object.entries(file.keeping)) {
    const { model, adapter } = tunedTiny();
    const at = site === 'model.norm' ? undefined : site;
    for (const name of KEEPING) {
      for (const parameter of adapter.parameters()) parameter.grad = null;
      const loss = keepingLosses(model, adapter, [name], { at })(TRIPLES)[name] as Tensor;
      t.ok(Math.abs(item(loss) - wanted[name].loss) < 2e-5, `${site} ${name}: ${item(loss)} (${wanted[name].loss})`);
      loss.backward();
      for (const { name: parameter, norm } of gradientNorms(adapter.namedParameters())) {
        const other = wanted[name].gradNorms[parameter] ?? 0;
        t.ok(Math.abs(norm - other) <= 1e-4 * Math.max(other, 1), `${parameter}: ${norm} (${other})`);
      }
    }
    const all = keepingLosses(model, adapter, KEEPING, { at })(TRIPLES);
    for (const name of KEEPING) t.ok(Math.abs(item(all[name] as Tensor) - wanted[name].loss) < 2e-5);
  }
});

t.test('a choice of positions, and what is wanted of the pairs', async (t) => {
  const { model, adapter } = tunedTiny();
  const values = (['all', 'last', 'differing'] as const).map((positions) => {
    const all = keepingLosses(model, adapter, KEEPING, { positions })(TRIPLES);
    return KEEPING.map((name) => item(all[name] as Tensor));
  });
  for (const [i, name] of KEEPING.entries())
    t.equal(new Set(values.map((each) => each[i])).size, 3, `${name}: ${values.map((each) => each[i]).join(', ')}`);
  t.throws(() => keepingLosses(model, adapter, ['nameControl'])([TRIPLES[0], PAIRS[0]]), {
    name: 'InputError',
    message: /wants every pair's other side under another name, and pair 1 has none/,
  });
});

t.test('the loss of next tokens counts answers alone where pairs have some', async (t) => {
  const { model } = tunedTiny();
  model.eval();
  const pairs = TRIPLES.map((pair, i) => ({ ...pair, answersAt: file.answers.answersAt[i] }));
  const loss = item(nextTokenLoss(model)(pairBatch(pairs)));
  t.ok(Math.abs(loss - file.answers.loss) < 2e-5, `${loss} (${file.answers.loss})`);
});

t.test('a run with the terms logs each, and is resumed to the same bytes as ever', async (t) => {
  const config: FinetuneConfig = {
    ...CONFIG,
    variance: 0.5,
    contrast: 1,
    nameControl: 2,
    epochs: 2,
    numbering: 'real',
  };
  const pairs = PAIRS.map((pair, i) => ({ ...pair, renamedIds: [1, 20 + i, 230 + i, 42, 7 + i] }));
  const folder = t.testdir({});
  await tuneTiny(join(folder, 'run'), { config, pairs });
  for (const { loss, parts } of readSteps(join(folder, 'run'))) {
    const { overlap, variance, contrast, nameControl } = parts;
    const sum = overlap + 0.5 * variance + contrast + 2 * nameControl;
    t.ok(Math.abs(loss - sum) < 1e-4 * sum, `${loss} (${sum})`);
  }
  await t.rejects(tuneTiny(join(folder, 'nameless'), { config }), /under another name, and pair 0 has none/);
});
