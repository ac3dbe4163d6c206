import t from 'tap';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors, saveSafetensors } from '../../lib/checkpoints';
import { createModel, loadModel } from '../../lib/models';
import { skipInit } from '../../lib/nn';
import { torch, type Tensor } from '../../lib/torch';
import { numbers } from '../parity/expected';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

const MODELS = join(__dirname, '..', 'parity', 'models');
const SHAPE = {
  modelType: 'mistral',
  vocabSize: 60,
  hiddenSize: 16,
  intermediateSize: 24,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
};
const ids = torch.tensor([[1, 5, 9, 20]]);

/** A copy of the tiny model with changes to its weights and config. */
function damagedModel(
  t: { testdir(content: Record<string, never>): string },
  edit: (state: Map<string, Tensor>) => void,
  change: object = {},
): string {
  const folder = t.testdir({});
  cpSync(join(MODELS, 'tiny'), folder, { recursive: true });
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, ...change }));
  const file = openSafetensors(join(MODELS, 'tiny', 'model.safetensors'));
  const state = new Map(file.names.map((name) => [name, file.tensor(name)]));
  edit(state);
  saveSafetensors(join(folder, 'model.safetensors'), state);
  return folder;
}

t.test('weights that do not fit the config are named', (t) => {
  const q = 'model.layers.1.self_attn.q_proj.weight';
  const norm = 'model.norm.weight';
  const some = (state: Map<string, Tensor>, name: string, value: number): void => {
    const copy = (state.get(name) as Tensor).clone();
    copy.view([-1]).slice(0, 3, 5).fill_(value);
    state.set(name, copy);
  };
  const cases: [edit: (state: Map<string, Tensor>) => void, change: object, message: RegExp][] = [
    [
      (x) => x.delete(q),
      {},
      /^model.safetensors: lacks model.layers.1.self_attn.q_proj.weight, which config.json asks for/,
    ],
    [(x) => x.clear(), {}, /lacks model.embed_tokens.weight, .* and 18 more/],
    [(x) => x.set('model.extra', torch.ones([1])), {}, /holds model.extra, which config.json has no place for/],
    [() => {}, { num_hidden_layers: 1 }, /holds model.layers.1/],
    [() => {}, { num_hidden_layers: 3 }, /lacks model.layers.2/],
    [
      (x) => x.set(q, torch.ones([32, 31])),
      {},
      /tensor "model.layers.1.self_attn.q_proj.weight" is \[32, 31\], but config.json makes it \[32, 32\]/,
    ],
    [
      () => {},
      { intermediate_size: 50 },
      /tensor "model.layers.0.mlp.gate_proj.weight" is \[48, 32\], but config.json makes it \[50, 32\]/,
    ],
    // Terabytes, if they were allocated before the file is looked at.
    [
      () => {},
      { intermediate_size: 2 ** 31 },
      /gate_proj.weight" is \[48, 32\], but config.json makes it \[2147483648, 32\]/,
    ],
    [
      (x) => x.set(norm, torch.ones([32], { dtype: 'int64' })),
      {},
      /tensor "model.norm.weight" is int64, but weights must be/,
    ],
    [(x) => some(x, q, NaN), {}, /^model.safetensors: tensor "model.layers.1.self_attn.q_proj.weight" holds 2 NaN/],
    [(x) => some(x, norm, -Infinity), {}, /tensor "model.norm.weight" holds 2 infinite values/],
  ];
  for (const [edit, change, message] of cases) {
    const folder = damagedModel(t, edit, change);
    t.throws(() => loadModel(folder), { name: 'InputError', message }, String(message));
  }
  const unchecked = loadModel(
    damagedModel(t, (x) => some(x, norm, NaN)),
    { checkFinite: false },
  );
  t.ok(Number.isNaN(unchecked.call(ids).sum().item()), 'the check can be left out');
  t.end();
});

t.test('files that are missing', (t) => {
  for (const [file, message] of [
    ['config.json', /^config.json: no such file/],
    ['model.safetensors', /^model.safetensors: no such file/],
  ] as const) {
    const folder = damagedModel(t, () => {});
    rmSync(join(folder, file));
    t.throws(() => loadModel(folder), { name: 'InputError', message });
  }
  t.throws(() => loadModel(join(MODELS, 'none')), {
    name: 'InputError',
    message: /^config.json: no such file/,
  });
  const folder = damagedModel(t, () => {});
  rmSync(join(folder, 'tokenizer.json'));
  t.equal(loadModel(folder).tokenizer, null, 'a tokenizer may be missing');
  writeFileSync(join(folder, 'generation_config.json'), '{"eos_token_id": [7, 9]}');
  t.same(loadModel(folder).eosTokenIds, [7, 9], 'generation_config.json has the last word on eos');
  writeFileSync(join(folder, 'generation_config.json'), '{"eos_token_id": [-1, 7, 99999]}');
  t.same(loadModel(folder).eosTokenIds, [7], 'ids of no token end nothing');
  writeFileSync(join(folder, 'generation_config.json'), '{"eos_token_id": "x"}');
  t.throws(() => loadModel(folder), {
    name: 'InputError',
    message: /generation_config.json: eos_token_id must be/,
  });
  t.end();
});

t.test('a folder of pickles is told from an empty one', (t) => {
  for (const file of ['pytorch_model.bin', 'pytorch_model.bin.index.json']) {
    const folder = damagedModel(t, () => {});
    rmSync(join(folder, 'model.safetensors'));
    writeFileSync(join(folder, file), '');
    t.throws(() => loadModel(folder), {
      name: 'InputError',
      message: new RegExp(`^model.safetensors: no such file in .*, only ${file}, a pickle, .*safe_serialization=True`),
    });
  }
  t.end();
});

t.test('a stored head that is not the embedding counts, as in transformers 5, whatever config.json says', (t) => {
  const plain = loadModel(join(MODELS, 'tiny'));
  const folder = damagedModel(t, () => {}, { tie_word_embeddings: true });
  const model = loadModel(folder);
  t.same(numbers(model.call(ids)), numbers(plain.call(ids)));
  t.equal(model.config.tieWordEmbeddings, false);
  const copied = (state: Map<string, Tensor>): void =>
    void state.set('lm_head.weight', state.get('model.embed_tokens.weight') as Tensor);
  t.equal(loadModel(damagedModel(t, copied, { tie_word_embeddings: true })).config.tieWordEmbeddings, true);
  t.end();
});

t.test('attention dropout is refused where it would count: in training', (t) => {
  const model = loadModel(damagedModel(t, () => {}, { attention_dropout: 0.1 }));
  t.same(numbers(model.call(ids)), numbers(loadModel(join(MODELS, 'tiny')).call(ids)));
  t.throws(() => model.train().call(ids), {
    name: 'InputError',
    message: 'config.json: attention_dropout is 0.1; training supports only 0',
  });
  t.end();
});

t.test('dtypes', (t) => {
  const dtypeOf = (name: string, dtype?: 'auto' | 'float64') => loadModel(join(MODELS, name), { dtype }).dtype;
  t.same([dtypeOf('tied'), dtypeOf('tied', 'auto'), dtypeOf('tied', 'float64')], ['float32', 'bfloat16', 'float64']);
  const half = loadModel(join(MODELS, 'tied'), { dtype: 'auto' });
  const whole = loadModel(join(MODELS, 'tied'));
  const far = half.call(ids).to('float32').sub(whole.call(ids)).abs().max().item();
  t.ok(far > 0 && far < 0.1, `bfloat16 stays near float32: ${far}`);
  t.end();
});

t.test('a model from a shape', (t) => {
  torch.manualSeed(5);
  const model = createModel({ ...SHAPE, numKeyValueHeads: 2, initializerRange: 0.05 });
  const std = (name: string): number => (model.stateDict().get(name) as Tensor).std().item();
  t.ok(Math.abs(std('model.embed_tokens.weight') - 0.05) < 0.005);
  t.ok(Math.abs(std('model.layers.1.mlp.down_proj.weight') - 0.05) < 0.01);
  t.same(numbers(model.stateDict().get('model.norm.weight') as Tensor), Array(16).fill(1));
  t.ok(model.parameters().every((parameter) => parameter.requiresGrad));
  torch.manualSeed(5);
  const again = createModel({ ...SHAPE, numKeyValueHeads: 2, initializerRange: 0.05 });
  t.same(numbers(again.call(ids)), numbers(model.call(ids)), 'one seed, one model');
  torch.manualSeed(5);
  const state = torch.getRngState().bytes();
  skipInit(() => createModel(SHAPE));
  t.ok(Buffer.from(torch.getRngState().bytes()).equals(state), 'skipInit draws nothing');
  t.throws(() => createModel({ ...SHAPE, numKeyValueHeads: 3 }), {
    name: 'InputError',
    message: /3, which does not divide/,
  });
  t.end();
});

for (const tieWordEmbeddings of [false, true]) {
  t.test(`saved and read again, ${tieWordEmbeddings ? 'tied' : 'untied'}`, (t) => {
    const folder = join(t.testdir({}), 'deep', 'folder');
    const model = createModel({ ...SHAPE, tieWordEmbeddings, eosTokenIds: [2] });
    model.save(folder);
    const again = loadModel(folder);
    t.same(numbers(again.call(ids)), numbers(model.call(ids)));
    t.equal(
      again.namedParameters().some(([name]) => name === 'lm_head.weight'),
      !tieWordEmbeddings,
    );
    t.equal(
      again.lmHead.parameters()[0] === again.stateDict().get('model.embed_tokens.weight'),
      tieWordEmbeddings,
      'tied means one parameter',
    );
    t.same({ ...again.config, dtype: undefined }, { ...model.config, dtype: undefined });
    t.end();
  });
}

t.test('names are those of transformers', (t) => {
  const model = loadModel(join(MODELS, 'tiny'));
  const names = model.namedModules().map(([name]) => name);
  for (const name of [
    'model.embed_tokens',
    'model.layers.1.self_attn.q_proj',
    'model.layers.0.mlp.gate_proj',
    'model.layers.0.input_layernorm',
    'model.layers.1.post_attention_layernorm',
    'model.norm',
    'lm_head',
  ]) {
    t.ok(names.includes(name), name);
  }
  t.ok(names.includes(model.attentionOutput(1)), model.attentionOutput(1));
  t.end();
});

t.test('what a forward pass is given must fit', (t) => {
  const model = createModel(SHAPE);
  const two = torch.ones([2, 3], { dtype: 'int64' });
  t.throws(() => model.call(two.view([6])), { message: 'Decoder: ids must be [batch, seq], got [6]' });
  t.throws(() => model.call(two, { attentionMask: torch.ones([2, 4]) }), {
    message: /attentionMask must be \[2, 3\], got \[2, 4\]/,
  });
  using cache = model.makeCache(2, 4);
  model.call(two, { cache });
  t.throws(() => model.call(two, { cache }), { message: 'KV cache: 3 + 3 positions do not fit into 4' });
  t.equal(cache.length, 3, 'and the cache is as it was');
  t.throws(() => model.call(torch.tensor([[60]])), { message: /Embedding: expected ids from 0 to 59, got 60/ });
  t.end();
});

t.test('a cache gives what a whole pass gives, in pieces of any size', (t) => {
  const model = loadModel(join(MODELS, 'tiny'));
  const whole = torch.randint(3, 400, [2, 9], { dtype: 'int64' });
  const attentionMask = torch.tensor([
    [0, 0, 0, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 1, 1, 1, 1, 1],
  ]);
  for (const mask of [undefined, attentionMask]) {
    const wanted = model.call(whole, { attentionMask: mask });
    for (const cuts of [[9], [4, 5], [1, 1, 7], [3, 3, 3], [8, 1]]) {
      using cache = model.makeCache(2, 12);
      const pieces = cuts.map((size) => {
        const at = cache.length;
        return model.call(whole.narrow(1, at, size), { cache, attentionMask: mask?.narrow(1, 0, at + size) });
      });
      const far = torch.cat(pieces, 1).sub(wanted).abs().max().item();
      t.ok(far < 1e-5, `pieces ${cuts.join('+')}${mask ? ', padded' : ''}: ${far}`);
    }
  }
  t.end();
});

t.test('pads attend to nothing: finite logits and gradients', (t) => {
  const model = loadModel(join(MODELS, 'tiny')).requiresGrad_(true);
  const batch = torch.tensor([
    [0, 0, 0, 7, 8],
    [5, 6, 7, 8, 9],
  ]);
  const attentionMask = torch.tensor([
    [0, 0, 0, 1, 1],
    [1, 1, 1, 1, 1],
  ]);
  const logits = model.call(batch, { attentionMask });
  t.ok(logits.isfinite().all().item());
  logits.logSoftmax(-1).sum().backward();
  for (const [name, { grad }] of model.namedParameters()) t.ok(grad?.isfinite().all().item(), name);
  t.end();
});

t.test(
  'of a multimodal checkpoint the text half is read, under the names of transformers 5 and of releases before it',
  (t) => {
    const wrapper = (text: object) => ({
      architectures: ['Mistral3ForConditionalGeneration'],
      model_type: 'mistral3',
      text_config: text,
      vision_config: {},
      tie_word_embeddings: false,
    });
    const plain = loadModel(join(MODELS, 'tiny')).call(ids);
    const text = JSON.parse(readFileSync(join(MODELS, 'tiny', 'config.json'), 'utf8')) as object;
    for (const rename of [
      (name: string) => name.replace(/^model\./, 'model.language_model.'),
      (name: string) => `language_model.${name}`,
    ]) {
      const folder = damagedModel(t, (state) => {
        for (const [name, tensor] of [...state]) {
          state.delete(name);
          state.set(rename(name), tensor);
        }
        state.set('model.vision_tower.patch.weight', torch.ones([2, 2]));
        state.set('multi_modal_projector.linear.weight', torch.ones([2, 2]));
      });
      writeFileSync(join(folder, 'config.json'), JSON.stringify(wrapper(text)));
      const model = loadModel(folder);
      t.same(numbers(model.call(ids)), numbers(plain), rename('model.norm.weight'));
      model.save(folder);
      t.equal((JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as { model_type: string }).model_type, 'mistral', 'saved as what it is'); // prettier-ignore
    }
    t.end();
  },
);

t.test('numbers that transformers wants with a point get one', (t) => {
  const model = createModel({ ...SHAPE, modelType: 'gemma2', logitSoftcap: 30, attentionSoftcap: 2.5, rmsNormEps: 1 });
  const folder = t.testdir({});
  model.save(folder);
  const text = readFileSync(join(folder, 'config.json'), 'utf8');
  t.match(text, '"final_logit_softcapping": 30.0,');
  t.match(text, '"attn_logit_softcapping": 2.5,');
  t.match(text, '"rms_norm_eps": 1.0,');
  t.match(text, '"max_position_embeddings": 4096,');
  t.end();
});
