import t from 'tap';
import { latentOverlap } from '../../lib/soo';
import { DEVICE, torch } from '../device';
import { freshTiny, tunedTiny } from './tiny';

torch.setNumThreads(1);

const EQUAL = { selfIds: [1, 20, 31, 42, 53], otherIds: [1, 20, 37, 42, 53] };
const UNEQUAL = { selfIds: [1, 9, 42], otherIds: [1, 20, 37, 50, 42] };

t.test('a prompt overlaps with itself wholly', async (t) => {
  const { model } = tunedTiny();
  const { mean, perModule } = latentOverlap(model, [{ selfIds: [1, 5, 6], otherIds: [1, 5, 6] }]);
  t.equal(mean, 0);
  t.equal(Object.keys(perModule).length, 15, '7 Linears in each of 2 layers, and lm_head');
  t.ok(Object.keys(perModule).every((name) => !/lora|base_layer/.test(name)));
});

t.test('mean over modules, then over pairs; prompts of different lengths are told', async (t) => {
  const { model } = tunedTiny();
  const both = latentOverlap(model, [EQUAL, UNEQUAL]);
  const alone = [EQUAL, UNEQUAL].map((pair) => latentOverlap(model, [pair]));
  t.same(
    both.perPair,
    alone.map(({ mean }) => mean),
  );
  t.equal(both.unequal, 1);
  t.equal(both.mean, (both.perPair[0] + both.perPair[1]) / 2);
  const modules = Object.values(both.perModule);
  t.ok(Math.abs(modules.reduce((a, b) => a + b) / modules.length - both.mean) < 1e-9);
});

t.test('other positions give other numbers', async (t) => {
  const { model } = tunedTiny();
  const [all, last, differing] = (['all', 'last', 'differing'] as const).map(
    (positions) => latentOverlap(model, [EQUAL], { positions }).mean,
  );
  t.ok(differing > all, 'the two equal tokens before the difference drown it');
  t.not(last, all);
});

t.test('measured in evaluation mode, without dropout, and the mode comes back; nothing is left behind', async (t) => {
  const { model } = freshTiny(1, 0.9);
  model.train();
  const before = torch.memory().tensors;
  t.equal(latentOverlap(model, [EQUAL]).mean, latentOverlap(model, [EQUAL]).mean);
  t.equal(torch.memory().tensors, before);
  t.ok(model.training);
  t.throws(() => latentOverlap(model, []), /got none/);
});

t.test('pairs are made where the model is, and a batch from elsewhere is named', async (t) => {
  const { model } = tunedTiny();
  const ids = torch.zeros([1, 3], { dtype: 'int64', device: 'meta' });
  t.throws(() => model.call(ids), {
    message: `Decoder: ids must be on ${DEVICE} like the model, got meta: batches are made on their option device`,
  });
});
