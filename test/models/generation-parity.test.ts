import t from 'tap';
import { join } from 'node:path';
import { generate } from '../../lib/models';
import { sharedPrefix } from '../../lib/models/cached-decoding';
import { Linear } from '../../lib/nn';
import { loadLora } from '../../lib/peft';
import { loadModel, onCpu, torch } from '../device';
import { expected } from '../parity/expected';

torch.setNumThreads(1);

// Made by test/parity/make_generation.py with transformers and peft.
const { generation } = expected<{ generation: { ids: number[][]; greedy: number[][]; tuned: number[][] } }>(
  'generation',
);
const folder = (name: string): string => join(__dirname, '..', 'parity', 'models', name);
const { ids, greedy, tuned } = generation;

t.test("greedy ids are transformers', one by one and side by side, with and without an adapter", async (t) => {
  const model = loadModel(folder('tiny'));
  const run = (batchSize: number, maxNewTokens = 75) => generate(model, ids, { maxNewTokens, eosId: null, batchSize });
  for (const batchSize of [1, 25]) t.same(await run(batchSize), greedy, `batches of ${batchSize}`);
  const adapter = loadLora(model, folder('tiny-adapter'));
  t.same(await run(25), tuned, 'with an adapter');
  t.not(String(tuned), String(greedy));
  adapter.dispose();
  const heard: string[] = [];
  using _hook = model.getModule('model.layers.1').registerForwardHook((_, __, output) => {
    heard.push(String((output as { shape: number[] }).shape));
  });
  t.same(
    await run(25, 3),
    greedy.map((made) => made.slice(0, 3)),
    'hooks look on',
  );
  t.same(heard.slice(0, 3), ['1,1,32', '20,1,32', '20,1,32'], 'the prefix alone, the rest, the first new token');
});

t.test('weights are packed for the time of the work and no longer', async (t) => {
  const model = loadModel(folder('tiny'));
  const layer = model.getModule('model.layers.0.mlp.up_proj') as Linear;
  const during: boolean[] = [];
  const look = model
    .getModule('model.layers.0')
    .registerForwardHook(() => void during.push(layer.packed !== undefined));
  const between: boolean[] = [];
  const onToken = () => between.push(layer.packed !== undefined);
  await generate(model, ids, { maxNewTokens: 24, eosId: null, onToken });
  t.same(new Set(during.splice(0)), new Set([torch.canPack() && onCpu]));
  t.same(new Set(between), new Set([false]), 'who uses the model beside it does not notice');
  t.equal(layer.packed, undefined);
  await generate(model, ids.slice(0, 1), { maxNewTokens: 24, eosId: null, onToken });
  t.same(new Set(during), new Set([false]), 'not for a single row, which gains nothing');
  look.remove();
  layer.pack();
  const before = layer.packed;
  await generate(model, ids, { maxNewTokens: 24, eosId: null });
  t.equal(layer.packed, before, 'what was packed before stays');
  layer.unpack();
});

t.test(
  'a shared prefix leaves each prompt a token of its own, and is passed over where it spares little',
  async (t) => {
    const many = (tails: number[][]) => tails.map((tail) => [...Array<number>(20).fill(7), ...tail]);
    t.equal(sharedPrefix(many([[1], [2, 3], [4]])), 20);
    t.equal(sharedPrefix(many([[1, 1], [1, 2], [1]])), 20, 'the shortest ends where the prefix would');
    t.equal(sharedPrefix(many([[], [], []])), 19, 'equal prompts');
    t.equal(sharedPrefix(many([[1]])), 0, 'one prompt shares nothing');
    t.equal(sharedPrefix(many([[1], [2]])), 0, '20 tokens are not worth a pass');
    t.equal(sharedPrefix([[1, 2], [3]]), 0);
  },
);

t.test('rows leave the cache', async (t) => {
  const model = loadModel(folder('tiny'));
  const stop = greedy.map((made) => made[9]);
  const cut = greedy.map((made) => made.slice(0, 1 + made.findIndex((token) => stop.includes(token))));
  t.ok(new Set(cut.map((made) => made.length)).size > 3, 'at different times');
  t.same(await generate(model, ids, { maxNewTokens: 75, eosId: stop }), cut);
  using cache = model.makeCache(2, 4);
  t.throws(() => cache.drop(2), /no row 2 among 2/);
  using empty = model.makeCache(1, 2);
  cache.startWith(empty);
  t.equal(cache.length, 0);
});
