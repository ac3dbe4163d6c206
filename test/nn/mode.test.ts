import { join } from 'node:path';
import t from 'tap';
import { generate, loadModel } from '../../lib/models';
import { Dropout, inMode, Linear, Sequential, type AnyModule } from '../../lib/nn';
import { AdamW } from '../../lib/optim';
import { addLora } from '../../lib/peft';
import { latentOverlap } from '../../lib/soo';
import { torch } from '../../lib/torch';
import { train } from '../../lib/training';
import { numbers } from '../parity/expected';

const modes = (model: AnyModule): boolean[] => model.namedModules().map(([, { training }]) => training);
const tiny = () => {
  const model = loadModel(join(__dirname, '..', 'parity', 'models', 'tiny'));
  torch.manualSeed(1);
  const adapter = addLora(model, { r: 4, alpha: 64, dropout: 0.5, targetModules: 'all-linear' });
  torch.noGrad(() => adapter.parameters().forEach((parameter) => parameter.normal_(0, 0.2)));
  return { model, adapter };
};

t.test('every module has its own mode again, after an error too', async (t) => {
  const net = new Sequential(new Linear(2, 2), new Sequential(new Dropout(0.5), new Linear(2, 2)));
  net.getModule('1.0').eval();
  const before = modes(net);
  t.same(new Set(before), new Set([true, false]), 'mixed');
  for (const mode of ['train', 'eval'] as const) {
    t.same(new Set(inMode(net, mode, () => modes(net))), new Set([mode === 'train']));
    t.same(modes(net), before);
    t.throws(() => inMode(net, mode, () => JSON.parse('{')), SyntaxError);
    t.same(modes(net), before);
  }
});

t.test('a model in training mode answers as in evaluation mode, and stays in training mode', async (t) => {
  const { model } = tiny();
  const prompts = [
    [1, 5, 9],
    [4, 8, 15, 16],
  ];
  const options = { maxNewTokens: 12, eosId: null };
  const wanted = await generate(model.eval(), prompts, options);
  model.train();
  const before = modes(model);
  torch.manualSeed(2);
  const next = numbers(torch.randn([3]));
  torch.manualSeed(2);
  t.same(await generate(model, prompts, options), wanted);
  t.same(modes(model), before);
  t.same(numbers(torch.randn([3])), next, 'it drew from no numbers but its own');
  await t.rejects(generate(model, [[1, 10_000_000]], options));
  t.same(modes(model), before, 'after an error');
});

t.test('measuring and training leave modes as they were, after errors too', async (t) => {
  const { model, adapter } = tiny();
  model.train();
  model.getModule('model.layers.0').eval();
  const before = modes(model);
  latentOverlap(model, [{ selfIds: [1, 2], otherIds: [1, 3] }]);
  t.same(modes(model), before, 'measured');
  t.throws(() => latentOverlap(model, [{ selfIds: [1, 10_000_000], otherIds: [1, 3] }]));
  t.same(modes(model), before, 'not measured');
  const during: boolean[] = [];
  const run = (fails: boolean) =>
    train({
      model,
      parameters: adapter.namedParameters(),
      optimizer: new AdamW(adapter.parameters()),
      loss: () => {
        during.push(...modes(model));
        if (fails) throw new Error('no loss');
        return model
          .call(torch.tensor([[1, 2, 3]]))
          .square()
          .mean();
      },
      batches: [1, 2],
      onStep: () => void t.same(modes(model), before, 'in between'),
    });
  await run(false);
  t.same(new Set(during), new Set([true]));
  t.same(modes(model), before, 'trained');
  await t.rejects(run(true), /no loss/);
  t.same(modes(model), before, 'not trained');
  await run(false);
  t.pass('and the model is free for the next run');
});
