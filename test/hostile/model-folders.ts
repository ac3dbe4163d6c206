/** Folders of models: their settings, weights and tokenizers. */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { damaged, damagedJson, noise, type Random } from '../fuzz/edits';
import { copyOf, EXPRESSIONS, json, written, type Case, type Good, type Kind } from './cases';
import { assembled, partsOf } from './safetensors';

type Spoil = (model: string, random: Random) => void;

const parsed = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
const changed = (file: string, change: (value: Record<string, unknown>) => void): Spoil => {
  return (model) => {
    const value = parsed(join(model, file));
    change(value);
    json(join(model, file), value);
  };
};
const replaced = (file: string, content: () => string | Uint8Array): Spoil => {
  return (model) => void written(join(model, file), content());
};
const pipe = (file: string): Spoil => {
  return (model) => {
    rmSync(join(model, file), { force: true });
    execFileSync('mkfifo', [join(model, file)]);
  };
};

const CONFIGS: Record<string, Spoil> = {
  'a pipe': pipe('config.json'),
  'millions of objects': replaced('config.json', () => `[${'{},'.repeat(20_000_000)}{}]`),
  'a link to itself': (model) => {
    rmSync(join(model, 'config.json'));
    symlinkSync('config.json', join(model, 'config.json'));
  },
  'a deep list': replaced('config.json', () => '['.repeat(5_000_000)),
  'another thousand million layers': changed('config.json', (config) => (config.num_hidden_layers = 1e9)),
  'a width of 2^40': changed('config.json', (config) => (config.hidden_size = 2 ** 40)),
  'a vocabulary of 2^31': changed('config.json', (config) => (config.vocab_size = 2 ** 31)),
  'a base of 1e308': changed(
    'config.json',
    (config) => (config.rope_parameters = { rope_theta: 1e308, rope_type: 'default' }),
  ),
  'damaged bytes': (model, random) =>
    void written(join(model, 'config.json'), damaged(readFileSync(join(model, 'config.json')), random)),
  'damaged values': (model, random) =>
    void json(join(model, 'config.json'), damagedJson(parsed(join(model, 'config.json')), random)),
};

const WEIGHTS = 'model.safetensors';
const WEIGHT_FILES: Record<string, Spoil> = {
  'a pipe': pipe(WEIGHTS),
  'a header of 2^63 bytes': (model) => {
    const bytes = Buffer.from(readFileSync(join(model, WEIGHTS)));
    bytes.writeBigUInt64LE(2n ** 63n, 0);
    written(join(model, WEIGHTS), bytes);
  },
  'a sparse file of a terabyte': (model) => {
    const file = openSync(join(model, WEIGHTS), 'r+');
    ftruncateSync(file, 2 ** 40);
    closeSync(file);
  },
  'a hundred thousand shards': (model) => {
    rmSync(join(model, WEIGHTS));
    const places = Array.from({ length: 100_000 }, (_, i) => [`tensor.${i}`, `shard-${i}.safetensors`]);
    json(join(model, `${WEIGHTS}.index.json`), { weight_map: Object.fromEntries(places) });
  },
  'a shard above the folder': (model) => {
    rmSync(join(model, WEIGHTS));
    json(join(model, `${WEIGHTS}.index.json`), { weight_map: { 'model.norm.weight': '../../secret' } });
  },
  'a shape of 2^53': (model) => {
    const parts = partsOf(join(model, WEIGHTS));
    const [name] = Object.keys(parts.header).filter((one) => one !== '__metadata__');
    (parts.header[name] as { shape: number[] }).shape = [2 ** 53 - 1, 1];
    written(join(model, WEIGHTS), assembled(parts));
  },
  'a million names': (model) => {
    const entry = { dtype: 'F32', shape: [0], data_offsets: [0, 0] };
    const names = Array.from({ length: 200_000 }, (_, i) => [`model.layers.${i}.x`, entry]);
    written(join(model, WEIGHTS), assembled({ header: Object.fromEntries(names), data: new Uint8Array(0) }));
  },
  'not a number': (model) => {
    const parts = partsOf(join(model, WEIGHTS));
    written(join(model, WEIGHTS), assembled({ ...parts, data: new Uint8Array(parts.data.length).fill(0xff) }));
  },
  'damaged bytes': (model, random) =>
    void written(join(model, WEIGHTS), damaged(readFileSync(join(model, WEIGHTS)), random)),
  noise: (model, random) => void written(join(model, WEIGHTS), noise(5000, random)),
};

const TOKENIZER = 'tokenizer.json';
const stages = (random: Random): Record<string, Spoil> => {
  const Regex = random.pick(EXPRESSIONS);
  return {
    'a bomb before the tokens': changed(TOKENIZER, (file) => {
      file.pre_tokenizer = { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false };
    }),
    'a bomb in the normaliser': changed(TOKENIZER, (file) => {
      file.normalizer = { type: 'Replace', pattern: { Regex }, content: 'x' };
    }),
    'a bomb in the decoder': changed(TOKENIZER, (file) => {
      file.decoder = { type: 'Replace', pattern: { Regex }, content: 'x' };
    }),
    'text that doubles': changed(TOKENIZER, (file) => {
      const double = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' };
      file.normalizer = { type: 'Sequence', normalizers: Array.from({ length: 20 + random.below(30) }, () => double) };
    }),
    'escape sequences': changed(TOKENIZER, (file) => {
      const model = file.model as { vocab: Record<string, number> };
      const [[, id], ...rest] = Object.entries(model.vocab).reverse();
      model.vocab = { ...Object.fromEntries(rest), '\u001b]52;c;ZXZpbA==\u0007': id };
    }),
    'three million tokens': replaced(TOKENIZER, () => {
      const tokens = Array.from({ length: 3_000_000 }, (_, i) => `"t${i}":${i}`).join(',');
      return `{"model":{"type":"WordLevel","unk_token":"t0","vocab":{${tokens}}}}`;
    }),
    'ids of 2^31': changed(TOKENIZER, (file) => {
      const model = file.model as { vocab: Record<string, number> };
      for (const token of Object.keys(model.vocab)) model.vocab[token] += 2 ** 30;
    }),
    'damaged values': (model) => void json(join(model, TOKENIZER), damagedJson(parsed(join(model, TOKENIZER)), random)),
    'damaged bytes': (model) =>
      void written(join(model, TOKENIZER), damaged(readFileSync(join(model, TOKENIZER)), random)),
    'a pipe': pipe(TOKENIZER),
  };
};

function modelCase(kind: string, spoils: Record<string, Spoil>, random: Random, good: Good): Case {
  const what = random.pick(Object.keys(spoils));
  const command = random.pick(['generate', 'logits', 'tokenize', 'finetune'] as const);
  return {
    kind,
    what: `${what} (${command})`,
    make(folder, out) {
      const model = copyOf(good.model, folder, 'model');
      spoils[what](model, random);
      if (command === 'finetune')
        return ['finetune', '--model', model, '--pairs', good.pairs, '--out', out, '--max-steps', '2'];
      const more = command === 'generate' ? ['--max-new-tokens', '8'] : [];
      return [command, '--model', model, '--prompts', good.prompts, ...more];
    },
  };
}

export const configs: Kind = (random, good) => modelCase('config.json', CONFIGS, random, good);
export const weights: Kind = (random, good) => modelCase('weights', WEIGHT_FILES, random, good);
export const tokenizers: Kind = (random, good) => modelCase('tokenizer.json', stages(random), random, good);

/** `tokenizer.model`: SentencePiece's own format. */
export const sentencePiece: Kind = (random, good) => ({
  kind: 'tokenizer.model',
  what: 'damaged bytes',
  make(folder) {
    const model = join(folder, 'model');
    mkdirSync(model);
    const file = readFileSync(join(__dirname, '..', 'parity', 'tokenizers', 'sentencepiece-bpe', 'tokenizer.model'));
    written(join(model, 'tokenizer.model'), random.below(4) ? damaged(file, random) : noise(3000, random));
    return ['tokenize', '--model', model, '--prompts', good.prompts];
  },
});
