/** What the stub of the hub holds in the tests: contents follow from their places. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HubStub, type StubModel } from './stub';

export const COMMIT = 'c0ffee'.repeat(6) + 'cafe';
export const TOKEN = 'hf_secret';

/** Bytes that are different everywhere. */
export function bytes(count: number, seed: number): Buffer {
  const made = Buffer.allocUnsafe(count);
  for (let i = 0, state = seed; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    made[i] = state >>> 24;
  }
  return made;
}

const json = (value: object): string => `${JSON.stringify(value)}\n`;
const beside = {
  'README.md': '# A model\n',
  'config.json': json({ model_type: 'mistral' }),
  'generation_config.json': json({ eos_token_id: 2 }),
  'tokenizer.json': json({ model: { vocab: {} } }),
  'tokenizer_config.json': json({}),
};

/** A model that is in shards, one that is gated, one of GGUF files, one of pickles, an adapter, and
 * one that computes with one that fits it. */
export function stubModels(): Record<string, StubModel> {
  const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  return {
    'acme/small': {
      commit: COMMIT,
      refs: ['v1', 'refs/pr/3'],
      files: {
        ...beside,
        'model.safetensors': bytes(300_000, 1),
        'pytorch_model.bin': 'a pickle',
        'onnx/model.onnx': 'x',
      },
    },
    'acme/shards': {
      commit: 'a'.repeat(40),
      files: {
        ...beside,
        'model.safetensors.index.json': json({ weight_map: { a: first, b: second, c: first } }),
        [first]: bytes(200_000, 2),
        [second]: bytes(100_000, 3),
        'tokenizer.model': bytes(5000, 4),
      },
    },
    'acme/secret': {
      commit: 'b'.repeat(40),
      gatedFor: TOKEN,
      files: { ...beside, 'model.safetensors': bytes(1000, 5) },
    },
    'acme/many-GGUF': {
      commit: 'd'.repeat(40),
      files: {
        'README.md': '# Quantised\n',
        'x-Q4_K_M.gguf': bytes(4000, 6),
        'x-Q4_K_S.gguf': bytes(3000, 7),
        'sub/x-Q8_0.gguf': bytes(8000, 8),
        'y-F16-00001-of-00002.gguf': bytes(10, 9),
        'y-F16-00002-of-00002.gguf': bytes(12, 9),
      },
    },
    'acme/one-GGUF': { commit: 'e'.repeat(40), files: { 'README.md': '# One\n', 'x-Q4_0.gguf': bytes(4000, 10) } },
    'acme/pickles': { commit: 'f'.repeat(40), files: { ...beside, 'pytorch_model.bin': 'a pickle' } },
    'acme/adapter': {
      commit: '1'.repeat(40),
      files: { 'adapter_config.json': '{}', 'adapter_model.safetensors': 'x' },
    },
    'acme/tiny': { commit: '2'.repeat(40), files: filesOf('tiny') },
    'acme/lora': { commit: '3'.repeat(40), files: { ...filesOf('tiny-adapter'), 'README.md': '# Tuned\n' } },
  };
}

/** A tiny model of the parity tests, which computes, or its adapter. */
function filesOf(name: string): StubModel['files'] {
  const folder = join(__dirname, '..', 'parity', 'models', name);
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

export const startStub = (models = stubModels()): Promise<HubStub> => new HubStub(models).start();
