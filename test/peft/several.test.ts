import t from 'tap';
import { join } from 'node:path';
import type { LanguageModel } from '../../lib/models';
import { Linear, Sequential } from '../../lib/nn';
import { AdamW } from '../../lib/optim';
import { addLora, loadLora, PeftModel, type LoraAdapter, type LoraConfig } from '../../lib/peft';
import { loadModel, placed, torch } from '../device';
import { largestDifference, numbers } from '../parity/expected';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

const MODELS = join(__dirname, '..', 'parity', 'models');
const tiny = (dtype: 'float32' | 'bfloat16' = 'float32'): LanguageModel => loadModel(join(MODELS, 'tiny'), { dtype });
const ids = torch.tensor([[1, 20, 31, 42, 53]]);
const logits = (model: LanguageModel): number[] => torch.scope(() => numbers(model.call(ids)));
const same = (a: number[], b: number[]): boolean => largestDifference(a, b) === 0;
const weights = (adapter: LoraAdapter): number[] => adapter.parameters().flatMap(numbers);
const QV: LoraConfig = { r: 4, alpha: 12, targetModules: ['q_proj', 'v_proj'] };

/** Two adapters that overlap in q_proj of layer 1 and do something. */
function withTwo(dtype?: 'bfloat16'): { model: LanguageModel; peft: PeftModel; a: LoraAdapter; b: LoraAdapter } {
  const model = tiny(dtype);
  const peft = PeftModel.of(model);
  torch.manualSeed(3);
  const a = peft.addAdapter('a', QV);
  const b = peft.addAdapter('b', {
    r: 2,
    alpha: 4,
    dropout: 0.3,
    targetModules: '.*\\.1\\.(self_attn\\.q|mlp\\.up)_proj',
  });
  torch.noGrad(() => [a, b].forEach((one) => one.parameters().forEach((weight) => weight.normal_(0, 0.3))));
  return { model, peft, a, b };
}

// First: tensors of other tests may be collected at any time.
t.test('nothing is left behind', (t) => {
  const model = placed(new Sequential(new Linear(4, 4), new Linear(4, 4)));
  const peft = PeftModel.of(model);
  const before = torch.memory();
  torch.scope(() => {
    peft.addAdapter('a', { r: 2, alpha: 2, targetModules: ['0'] });
    peft.addAdapter('b', { r: 2, alpha: 2, targetModules: ['1'] });
    peft.mergeAdapter();
    peft.setAdapter('b');
    peft.mergeAndUnload();
  });
  t.equal(torch.memory().tensors, before.tensors);
  t.end();
});

t.test('switching between adapters', (t) => {
  const { model, peft, a } = withTwo();
  t.equal(peft.activeAdapter, 'a', 'the first is active at once');
  const withA = logits(model);
  peft.setAdapter('b');
  const withB = logits(model);
  peft.setAdapter(null);
  const base = logits(model);
  t.ok(same(base, logits(tiny())), 'with none, the base computes');
  t.notOk(same(withA, base) || same(withB, base) || same(withA, withB), 'each computes something of its own');
  peft.setAdapter('a');
  t.ok(same(logits(model), withA));
  peft.disableAdapter(() => {
    t.ok(same(logits(model), base));
    a.withoutAdapter(() => t.ok(same(logits(model), base)));
    t.ok(same(logits(model), base), 'still off after an inner one');
  });
  t.ok(same(logits(model), withA));
  t.throws(() => peft.disableAdapter(() => Promise.resolve()), /must be synchronous/);
  t.ok(same(logits(model), withA));
  t.throws(() => peft.setAdapter('c'), { name: 'InputError', message: /no adapter "c"; it has "a", "b"/ });
  t.equal(PeftModel.of(model), peft, 'a model has one');
  t.end();
});

t.test('only the active adapter is trained', (t) => {
  const { model, peft, a, b } = withTwo();
  const optimizer = new AdamW([...a.parameters(), ...b.parameters()], { lr: 0.1, weightDecay: 0.1 });
  const step = (): void =>
    torch.scope(() => {
      optimizer.zeroGrad();
      model.call(ids).sum().backward();
      optimizer.step();
    });
  const base = numbers(model.getModule('model.layers.1.self_attn.o_proj').parameters()[0]);
  const [a0, b0] = [weights(a), weights(b)];
  model.train();
  step();
  t.notOk(same(weights(a), a0), 'a moves');
  t.ok(same(weights(b), b0), 'b does not');
  peft.setAdapter('b');
  const a1 = weights(a);
  step();
  t.ok(same(weights(a), a1), 'then a stays');
  t.notOk(same(weights(b), b0), 'and b moves');
  t.notOk(same(logits(model), logits(model)), "b's dropout draws");
  peft.setAdapter('a');
  t.ok(same(logits(model), logits(model)), 'and a has none');
  peft.setAdapter(null);
  t.notOk(
    model.parameters().some(({ requiresGrad }) => requiresGrad),
    'with none active nothing is trained',
  );
  t.ok(same(numbers(model.getModule('model.layers.1.self_attn.o_proj').parameters()[0]), base));
  t.end();
});

t.test('each is saved by itself, and one is taken off without the other', (t) => {
  const { model, peft, a, b } = withTwo();
  const withA = logits(model);
  peft.setAdapter('b');
  const withB = logits(model);
  const out = t.testdir({});
  for (const adapter of [a, b]) adapter.save(join(out, adapter.name));
  for (const [name, wanted] of [
    ['a', withA],
    ['b', withB],
  ] as const) {
    const other = tiny();
    loadLora(other, join(out, name));
    t.ok(same(logits(other), wanted), name);
  }
  t.match(b.namedParameters()[0][0], /^base_model\.model\..*\.lora_A\.b\.weight$/);
  b.dispose();
  t.equal(peft.activeAdapter, null, 'the active one is gone: the base computes');
  t.ok(same(logits(model), logits(tiny())));
  t.ok(model.getModule('model.layers.1.mlp.up_proj') instanceof Linear, 'what only b wrapped is plain again');
  t.notOk(model.getModule('model.layers.1.self_attn.q_proj') instanceof Linear);
  b.dispose();
  peft.setAdapter('a');
  t.ok(same(logits(model), withA));
  peft.unload();
  t.same(
    model.namedParameters().map(([name]) => name),
    tiny()
      .namedParameters()
      .map(([name]) => name),
  );
  t.end();
});

t.test('merging and its undoing', (t) => {
  for (const dtype of [undefined, 'bfloat16'] as const) {
    const { model, peft } = withTwo(dtype);
    const withA = logits(model);
    peft.mergeAdapter();
    t.ok(peft.isMerged);
    const merged = logits(model);
    t.notOk(same(merged, withA), 'rounds elsewhere');
    t.ok(largestDifference(merged, withA) < (dtype ? 0.3 : 1e-5));
    peft.mergeAdapter();
    t.ok(same(logits(model), merged), 'merging twice is merging once');
    const base = logits(tiny(dtype));
    t.ok(same(peft.disableAdapter(() => logits(model)), base), 'the base is there all the same'); // prettier-ignore
    t.ok(same(logits(model), merged));
    peft.unmergeAdapter();
    t.notOk(peft.isMerged);
    t.ok(same(logits(model), withA), 'undone to the same bits');
    peft.mergeAdapter();
    peft.setAdapter('b');
    t.notOk(peft.isMerged, 'switching unmerges');
    peft.setAdapter(null);
    t.ok(same(logits(model), base));
  }
  t.end();
});

t.test('a weight that two modules share is not merged', (t) => {
  const model = loadModel(join(MODELS, 'tied'));
  addLora(model, { r: 2, alpha: 2, targetModules: ['q_proj', 'lm_head'] });
  const before = logits(model);
  t.throws(() => PeftModel.of(model).mergeAdapter(), {
    name: 'InputError',
    message: /lm_head shares its weight with model.embed_tokens.weight, so that it cannot be merged/,
  });
  t.ok(same(logits(model), before));
  t.end();
});

t.test('adapters that cannot be made are refused, and the model stays as it was', (t) => {
  const { model, peft } = withTwo();
  const before = logits(model);
  const names = model.namedModules().map(([name]) => name);
  const refused: [string, Partial<LoraConfig>, RegExp][] = [
    ['a', {}, /has an adapter "a" already; delete that one, or name this one/],
    ['a.b', {}, /an adapter's name holds no dot, got "a.b"/],
    ['c', { rankPattern: { q_prj: 2 } }, /rank_pattern "q_prj" matches no target module/],
    ['c', { alphaPattern: { k_proj: 2 } }, /alpha_pattern "k_proj" matches no target module/],
    ['c', { rankPattern: { q_proj: 1.5 } }, /rank_pattern "q_proj" must be a whole number of 1 or more, got 1.5/],
    ['c', { rankPattern: { 'q_proj|(': 2 } }, /rank_pattern "q_proj\|\(" is no regular expression/],
    ['c', { targetModules: 'q_proj' }, /target_modules "q_proj" names no module; there are q_proj, k_proj, v_proj/],
    ['c', { targetModules: '.*lora_A.*' }, /names no module/],
  ];
  for (const [name, change, message] of refused)
    t.throws(() => peft.addAdapter(name, { ...QV, ...change }), { name: 'InputError', message }, String(message));
  t.throws(() => peft.loadAdapter('c', join(MODELS, 'tiny')), { name: 'InputError' });
  t.same([...peft.adapters.keys()], ['a', 'b']);
  t.same(model.namedModules().map(([name]) => name), names); // prettier-ignore
  t.ok(same(logits(model), before));
  t.end();
});

t.test('all-linear on a model that has adapters reaches what it reached without them', (t) => {
  const { model, peft } = withTwo();
  const all = { ...QV, targetModules: 'all-linear' };
  t.same([...peft.addAdapter('c', all).layers.keys()], [...addLora(tiny(), all).layers.keys()]);
  t.ok(same(peft.disableAdapter(() => logits(model)), logits(tiny()))); // prettier-ignore
  t.end();
});
