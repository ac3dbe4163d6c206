import t from 'tap';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ggufConfig, ggufGenerationConfig } from '../../lib/checkpoints/gguf/config';
import { openGguf, type GgufFile } from '../../lib/checkpoints/gguf/file';
import { Metadata } from '../../lib/checkpoints/gguf/metadata';
import { convertGguf, loadModel, openCheckpoint, parseConfig, type LanguageModel } from '../../lib/models';
import { torch } from '../../lib/torch';
import { hashFolder } from '../../lib/training';
import { aNumber, f32, ggufBytes, typed, type Value } from '../checkpoints/gguf-files';
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

const partOf = (part: number, count = 3): string => `qwen2-0000${part}-of-0000${count}.gguf`;

t.test('a file in several parts is the file', (t) => {
  const [whole, parts] = [fileOf('qwen2'), join(FILES, 'parts', partOf(1))].map(openGguf);
  t.same([...parts.tensors.keys()], [...whole.tensors.keys()]);
  const bytesOf = (file: GgufFile, name: string): unknown => file.tensor(name).toArray();
  for (const name of whole.tensors.keys()) t.same(bytesOf(parts, name), bytesOf(whole, name), name);
  t.equal(parts.fileOf('token_embd.weight'), partOf(1));
  t.equal(parts.fileOf([...whole.tensors.keys()][25]), partOf(3));
  const [model, own] = [fileOf('qwen2'), parts.path].map((path) => loadModel(path));
  t.same(logitsOf(own), logitsOf(model));
  t.same(own.tokenizer?.encode('AB C'), model.tokenizer?.encode('AB C'));
  const out = join(t.testdir({}), 'folder');
  t.equal(convertGguf(parts.path, { out }).tensors, whole.tensors.size);
  t.same(
    Object.keys(hashFolder(parts.path)),
    [1, 2, 3].map((part) => partOf(part)),
  );
  whole.dispose();
  parts.dispose();
  t.end();
});

t.test('parts that do not fit together are refused', (t) => {
  const folder = t.testdir({});
  const at = (part: number, count?: number): string => join(folder, partOf(part, count));
  const afresh = (): void => cpSync(join(FILES, 'parts'), folder, { recursive: true });
  const refused = (damage: () => void, message: RegExp, path = at(1)): void => {
    afresh();
    damage();
    t.throws(() => loadModel(path), { message });
  };
  const nothing = (): void => {};
  refused(
    nothing,
    /^qwen2-00002-of-00003\.gguf: is one of 3 parts; name the first, qwen2-00001-of-00003\.gguf$/,
    at(2),
  );
  refused(() => rmSync(at(3)), /^qwen2-00003-of-00003\.gguf: no such file; it is part 3 of 3 of qwen2-00001-of-00003/);
  refused(() => cpSync(at(3), at(2)), /^qwen2-00002-of-00003\.gguf: wanted part 2 of 3 of \S+, but it does not say/);
  refused(() => cpSync(fileOf('qwen2'), at(2)), /^qwen2-00002-of-00003\.gguf: wanted part 2 of 3/);
  refused(() => truncateSync(at(3), 1000), /^qwen2-00003-of-00003\.gguf: .*truncated\?$/);
  const renamed = join(folder, 'renamed.gguf');
  refused(() => cpSync(at(1), renamed), /^renamed\.gguf: is one of 3 parts, whose names have to end in -00001-of-00003/, renamed); // prettier-ignore
  const again = (): void => {
    const bytes = readFileSync(at(2)).toString('latin1');
    t.ok(bytes.includes('blk.1.attn_q.weight'));
    writeFileSync(at(2), Buffer.from(bytes.replace('blk.1.attn_q.weight', 'blk.0.attn_q.weight'), 'latin1'));
  };
  refused(again, /^qwen2-00002-of-00003\.gguf: the tensor "blk\.0\.attn_q\.weight" stands in qwen2-00001-of-00003\.gguf too$/); // prettier-ignore
  t.end();
});

t.test('a file that lacks a tensor of its parts', (t) => {
  const folder = t.testdir({});
  const u16 = (value: number): Value => typed(2, Uint8Array.of(value, 0));
  const path = (part: number): string => join(folder, `x-0000${part}-of-00002.gguf`);
  for (const part of [1, 2]) {
    const keys = [['split.no', u16(part - 1)], ['split.count', u16(2)], ['split.tensors.count', aNumber(5)]] as const; // prettier-ignore
    writeFileSync(path(part), ggufBytes({ keys }));
  }
  t.throws(() => openGguf(path(1)), { message: 'x-00001-of-00002.gguf: has 0 tensors in 2 parts; wanted 5' });
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
