import t from 'tap';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ggufConfig, ggufGenerationConfig } from '../../lib/checkpoints/gguf/config';
import { openGguf } from '../../lib/checkpoints/gguf/file';
import { Metadata } from '../../lib/checkpoints/gguf/metadata';
import { convertGguf, loadModel, openCheckpoint, parseConfig, type LanguageModel } from '../../lib/models';
import { torch } from '../../lib/torch';
import { f32, ggufBytes, typed } from '../checkpoints/gguf-files';
import { expected, largestDifference } from '../parity/expected';

const FILES = join(__dirname, '..', 'parity', 'gguf');
const fileOf = (name: string): string => join(FILES, `${name}.gguf`);

// Made by test/parity/make_gguf_models.py with transformers and the Python package gguf.
const made = expected<{
  prompt: number[];
  positions: number[];
  models: Record<string, { architecture: string; config: object; logits: number[][] }>;
}>('gguf-models');

/** What a file says in single precision is not quite what was meant. */
const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, one: unknown) => (typeof one === 'number' ? Number(one.toPrecision(6)) : one));

function logitsOf(model: LanguageModel): number[][] {
  return torch.inferenceMode(() =>
    torch.scope(() => {
      const ids = torch.tensor(BigInt64Array.from(made.prompt, BigInt), { shape: [1, made.prompt.length] });
      const logits = model.call(ids).select(0, 0);
      return made.positions.map((position) => logits.select(0, position).toArray() as number[]);
    }),
  );
}

for (const [name, { config, logits }] of Object.entries(made.models)) {
  t.test(`${name}: the config and the logits of the model that the file was made from`, (t) => {
    const file = openGguf(fileOf(name));
    const own = { ...parseConfig(ggufConfig(file)), dtype: undefined };
    file.dispose();
    t.same(rounded(own), rounded({ ...parseConfig(config), dtype: undefined }));
    const model = loadModel(fileOf(name));
    t.equal(model.tokenizer?.size, 64);
    t.ok(largestDifference(logitsOf(model).flat(), logits.flat()) < 1e-4);
    t.end();
  });

  t.test(`${name}: the folder that is made of it is the same model`, (t) => {
    const out = join(t.testdir({}), 'folder');
    const steps: number[] = [];
    const converted = convertGguf(fileOf(name), { out, dtype: 'float32', onTensor: (done) => steps.push(done) });
    t.same(steps, [...Array(converted.tensors + 1).keys()]);
    t.same(readdirSync(out).sort(), converted.files);
    const [own, wanted] = [out, fileOf(name)].map((path) => logitsOf(loadModel(path)).flat());
    t.ok(largestDifference(own, wanted) < 1e-5);
    t.end();
  });
}

t.test('the default dtype is that of a file which is not quantised', (t) => {
  const out = join(t.testdir({}), 'folder');
  t.match(convertGguf(fileOf('llama'), { out }), { dtype: 'float16', modelType: 'llama', tensors: 21 });
  const model = loadModel(out, { dtype: 'auto' });
  t.equal(model.dtype, 'float16');
  t.equal(loadModel(fileOf('llama'), { dtype: 'auto' }).dtype, 'float16');
  t.end();
});

t.test('a folder is whole or not there', (t) => {
  const folder = t.testdir({ full: { a: 'x' }, empty: {} });
  const convert = (out: string, options = {}) => convertGguf(fileOf('llama'), { out: join(folder, out), ...options });
  t.throws(() => convert('full'), { name: 'InputError', message: /full: is there already, and is no empty folder/ });
  t.same(readdirSync(join(folder, 'full')), ['a']);
  convert('empty');
  t.ok(existsSync(join(folder, 'empty', 'config.json')));
  const fail = () => {
    throw new Error('no more');
  };
  t.throws(() => convert('failed', { onTensor: (done: number) => done > 3 && fail() }), /no more/);
  mkdirSync(join(folder, '.again.partial'));
  writeFileSync(join(folder, '.again.partial', 'left'), 'by a run that was killed');
  convert(join('again'));
  t.notOk(existsSync(join(folder, 'again', 'left')));
  t.same(readdirSync(folder).sort(), ['again', 'empty', 'full'], 'nothing else is left');
  t.end();
});

t.test('what a file lacks or has too much is named', (t) => {
  const folder = t.testdir({});
  const bytes = readFileSync(fileOf('llama'));
  const damaged = (find: string, put: string): (() => LanguageModel) => {
    const path = join(folder, 'model.gguf');
    const text = bytes.toString('latin1').replaceAll(find, put);
    writeFileSync(path, Buffer.from(text, 'latin1'));
    return () => loadModel(path);
  };
  t.throws(damaged('blk.1.attn_q.', 'blk.7.attn_q.'), /^model\.gguf: as model\.safetensors: lacks model\.layers\.1\.self_attn\.q_proj\.weight/); // prettier-ignore
  t.throws(
    damaged('blk.1.attn_q.', 'blk.1.attn_x.'),
    /model\.gguf: tensor "blk\.1\.attn_x\.weight" has no place in llama/,
  );
  t.throws(damaged('llama.block_count', 'llama.block_xxxxx'), /model\.gguf: does not say "llama\.block_count"/);
  t.throws(damaged('general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0llama', 'general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0bloom'), /general\.architecture is "bloom"; known are llama, mistral3/); // prettier-ignore
  t.throws(damaged('\x04\0\0\0\0\0\0\0gpt2', '\x04\0\0\0\0\0\0\0bert'), /tokenizer\.ggml\.model is "bert", which is not supported/); // prettier-ignore
  t.throws(() => loadModel(join(folder, 'none.gguf')), /none\.gguf: no such file/);
  t.end();
});

t.test('a folder may be called NAME.gguf', (t) => {
  const out = join(t.testdir({}), 'folder.gguf');
  convertGguf(fileOf('qwen2'), { out: `${out}-made` });
  cpSync(`${out}-made`, out, { recursive: true });
  t.equal(openCheckpoint(out).path, out);
  t.equal(loadModel(out).config.modelType, 'qwen2');
  t.end();
});

t.test('a part of a model is refused', (t) => {
  const path = join(t.testdir({}), 'model-00001-of-00003.gguf');
  writeFileSync(path, ggufBytes({ keys: [['split.count', typed(2, Uint8Array.of(3, 0))]] })); // prettier-ignore
  t.throws(() => loadModel(path), /is one of 3 parts; put them together with llama-gguf-split --merge/);
  t.end();
});

t.test('every way to end a generation is heard of', (t) => {
  const ends = (ids: Record<string, number>): unknown => {
    const keys = Object.entries(ids).map(([name, id]) => [`tokenizer.ggml.${name}_token_id`, id] as const);
    return ggufGenerationConfig({ metadata: new Metadata(new Map(keys), 'model.gguf') });
  };
  t.same(ends({ eos: 2, bos: 1, padding: 0 }), { bos_token_id: 1, eos_token_id: 2, pad_token_id: 0 });
  t.same(ends({ eos: 2, eot: 5, eom: 6 }), { eos_token_id: [2, 5, 6] });
  t.same(ends({ eos: 2, eot: 2 }), { eos_token_id: 2 });
  t.same(ends({}), {});
  t.end();
});

t.test('positions that are scaled as no known way does are refused', (t) => {
  const bytes = readFileSync(fileOf('llama3-scaling'));
  const file = openGguf(fileOf('llama3-scaling'));
  const at = file.tensors.get('rope_freqs.weight')?.begin ?? 0;
  file.dispose();
  const path = join(t.testdir({}), 'model.gguf');
  writeFileSync(path, Buffer.concat([bytes.subarray(0, at), f32(1.5), bytes.subarray(at + 4)]));
  t.throws(() => loadModel(path), /model\.gguf: tensor "rope_freqs\.weight" scales positions as no known way does/);
  t.end();
});
