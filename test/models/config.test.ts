import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '../../lib/files/json-file';
import { createModel } from '../../lib/models';
import { completeConfig } from '../../lib/models/decoder-config';
import { familyOf, parseConfig } from '../../lib/models/families';
import { damaged, damagedJson, isClearError, seeded } from '../fuzz/edits';

const TEXT = readFileSync(join(__dirname, '..', 'parity', 'models', 'tiny', 'config.json'), 'utf8');
const tiny = JSON.parse(TEXT) as Record<string, unknown>;
const changed = (change: object) => parseConfig({ ...tiny, ...change });

t.test('a config as transformers writes it', (t) => {
  t.match(parseConfig(tiny), {
    vocabSize: 405,
    hiddenSize: 32,
    numKeyValueHeads: 2,
    headDim: 8,
    rope: { theta: 1_000_000, partialRotaryFactor: 1, scaling: null },
    rmsNormEps: 1e-5,
    slidingWindow: null,
    tieWordEmbeddings: false,
    dtype: 'float32',
    eosTokenIds: [2],
    padTokenId: null,
  });
  t.end();
});

t.test('older spellings and defaults', (t) => {
  const { rope_parameters: _, dtype: __, head_dim: ___, ...old } = tiny;
  const config = parseConfig({ ...old, rope_theta: 500, torch_dtype: 'bfloat16', eos_token_id: [2, 7] });
  t.match(config, { rope: { theta: 500 }, dtype: 'bfloat16', headDim: 8, eosTokenIds: [2, 7] });
  t.equal(parseConfig(old).rope.theta, 10_000);
  t.equal(changed({ num_key_value_heads: null }).numKeyValueHeads, 4);
  // transformers loads each of these with the logits of the plain file.
  t.same(changed({ pad_token_id: -1 }), parseConfig(tiny));
  t.same(changed({ hidden_act: 'swish' }), parseConfig(tiny));
  t.equal(parseConfig({ ...old, torch_dtype: 'torch.bfloat16' }).dtype, 'bfloat16');
  t.equal(parseConfig({ ...old, torch_dtype: 'auto' }).dtype, undefined);
  t.same(changed({ attention_dropout: 0.1 }), { ...parseConfig(tiny), attentionDropout: 0.1 });
  t.equal(familyOf('mistral').write(changed({ attention_dropout: 0.1 }), 'float32').attention_dropout, 0.1);
  const { sliding_window: ____, ...unsaid } = tiny;
  t.equal(parseConfig(unsaid).slidingWindow, 4096, 'absent means the default of transformers');
  t.end();
});

t.test('what does not fit is named with what came', (t) => {
  const cases: [change: object, message: string | RegExp][] = [
    [
      { num_key_value_heads: 3, num_attention_heads: 32, hidden_size: 64, head_dim: 2 },
      'config.json: num_key_value_heads is 3, which does not divide num_attention_heads 32',
    ],
    [
      { num_attention_heads: 5, num_key_value_heads: 5, head_dim: null },
      'config.json: num_attention_heads is 5, which does not divide hidden_size 32',
    ],
    [{ head_dim: 7 }, 'config.json: head_dim is 7, but rotary positions need an even number'],
    [{ hidden_size: 'big' }, 'config.json: hidden_size must be a whole number, got "big"'],
    [{ hidden_size: 0 }, 'config.json: hidden_size must be 1 or more, got 0'],
    [{ hidden_size: undefined }, 'config.json: hidden_size must be a whole number, got nothing'],
    [{ num_hidden_layers: 1e9 }, 'config.json: num_hidden_layers must be 10000 or fewer, got 1000000000'],
    [{ hidden_act: 'relu' }, 'config.json: hidden_act must be "silu", "gelu" or "gelu_pytorch_tanh", got "relu"'],
    [
      { model_type: 'mistrall' },
      'config.json: model_type is "mistrall", which is not known; the nearest that are: "mistral", "ministral", "ministral3" (docs/extending.md says how to add one)',
    ],
    [
      { model_type: 'qwen3_moe' },
      /^config.json: model_type is "qwen3_moe", a mixture of experts, which is not supported/,
    ],
    [{ model_type: undefined }, 'config.json: model_type must be text, got nothing'],
    [
      { hidden_size: 2 ** 30, vocab_size: 2 ** 30 },
      /hidden_size is 1073741824, too much for a weight of 1073741824 rows/,
    ],
    [{ rms_norm_eps: -1 }, 'config.json: rms_norm_eps must be 0 or more, got -1'],
    [{ tie_word_embeddings: 'yes' }, 'config.json: tie_word_embeddings must be true or false, got "yes"'],
    [{ dtype: 'int8' }, /dtype must be float32, float64, float16 or bfloat16, got "int8"/],
    [{ rope_parameters: { rope_type: 'yarn' } }, 'config.json: rope_parameters.factor must be a number, got nothing'],
    [
      { rope_scaling: { type: 'spiral' } },
      'config.json: rope_type is "spiral", but must be one of "default", "linear", "dynamic", "yarn", "longrope", "llama3"',
    ],
    [
      { rope_scaling: { type: 'longrope', short_factor: [1], long_factor: [1, 1, 1, 1] } },
      'config.json: short_factor has 1 numbers, but a head has 4 rotary pairs',
    ],
    [
      { rope_parameters: { full_attention: {} } },
      'config.json: rope_parameters names kinds of layers, but this family has one kind',
    ],
    [
      { model_type: 'ministral', layer_types: ['full_attention'] },
      'config.json: layer_types has 1 entries, but num_hidden_layers is 2',
    ],
    [
      { model_type: 'phi3', partial_rotary_factor: 0.1 },
      'config.json: partial_rotary_factor is 0.1, which leaves 0 pairs of a head of 8',
    ],
    [{ rope_parameters: { rope_theta: 0 } }, 'config.json: rope_parameters.rope_theta must be above 0, got 0'],
    [
      { architectures: ['MistralModel'] },
      'config.json: architectures is ["MistralModel"]; only MistralForCausalLM is supported',
    ],
    [{ pad_token_id: -2 }, 'config.json: pad_token_id must be a token id of 0 or more, got -2'],
    [{ eos_token_id: 405 }, 'config.json: a special token has id 405, but vocab_size is 405'],
    [{ eos_token_id: 'x' }, 'config.json: eos_token_id must be a token id or a list of them, got "x"'],
    [
      { quantization_config: { quant_method: 'gptq', bits: 4 } },
      'config.json: quantization_config quant_method "gptq" is not supported; read are bitsandbytes (nf4), fp8, fbgemm_fp8 and mxfp4',
    ],
    [{ quantization_config: { bits: 4 } }, /quant_method nothing is not supported/],
    [{ quantization_config: { load_in_8bit: true } }, /LLM.int8 \(load_in_8bit\) is not supported/],
    [{ quantization_config: { load_in_4bit: true } }, /bnb_4bit_quant_type "fp4" is not supported/],
    [{ quantization_config: [] }, /quantization_config must be an object, got/],
  ];
  for (const [change, message] of cases)
    t.throws(() => changed(change), { name: 'InputError', message }, String(message));
  t.throws(
    () => createModel({ ...completeConfig(parseConfig(tiny)), modelType: 'rwkv' }),
    /model_type is "rwkv", which is not known/,
  );
  t.throws(() => parseConfig([]), { name: 'InputError', message: 'config.json: must be an object, got []' });
  t.end();
});

t.test('what is written is read back', (t) => {
  const shape = {
    modelType: 'mistral',
    vocabSize: 50,
    hiddenSize: 24,
    intermediateSize: 32,
    numHiddenLayers: 2,
    numAttentionHeads: 3,
  };
  const config = completeConfig({
    ...shape,
    numKeyValueHeads: 1,
    eosTokenIds: [2, 3],
    rope: { theta: 5000 },
    dtype: 'float32',
  });
  t.same(parseConfig(familyOf('mistral').write(config, 'float32')), config);
  t.end();
});

t.test('3000 damaged configs give a config or a clear error', (t) => {
  const random = seeded(3);
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    const text =
      i % 2
        ? Buffer.from(damaged(Buffer.from(TEXT), random)).toString('utf8')
        : JSON.stringify(damagedJson(tiny, random));
    try {
      const config = parseConfig(parseJson(text, 'config.json', { uniqueKeys: true }));
      if (!Object.values(config).every((value) => value !== undefined && !Number.isNaN(value)) && config.dtype)
        t.fail(text);
    } catch (thrown) {
      refused++;
      if (!isClearError(thrown)) t.fail(`${text}: ${String(thrown)}`);
    }
  }
  t.ok(refused > 1000, `${refused} of 3000 were refused`);
  t.end();
});
