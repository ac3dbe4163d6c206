import t from 'tap';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '../../lib/text';
import { readSentencePieceModel } from '../../lib/text/sentencepiece/model-file';
import { makeNormalizer } from '../../lib/text/sentencepiece/normalizer';
import { soo } from '../cli/soo';
import { altered, damaged, isClearError, noise, seeded } from '../fuzz/edits';
import { expected } from '../parity/expected';

t.setTimeout(90_000); // thousands of files on a busy machine

const TOKENIZERS = join(__dirname, '..', 'parity', 'tokenizers');

interface Expected {
  size: number;
  bos: number;
  eos: number;
  unk: number;
  texts: { text: string; ids: number[] }[];
  decoded: { ids: number[]; text: string }[];
}
// Made by test/parity/make_sentencepiece.py with Python's sentencepiece.
const models = Object.entries(expected<Record<string, Expected>>('sentencepiece'));

const known = (id: number): number | undefined => (id < 0 ? undefined : id);

for (const [name, { size, bos, eos, unk, texts, decoded }] of models) {
  t.test(name, (t) => {
    const tokenizer = Tokenizer.fromFolder(join(TOKENIZERS, name));
    t.same([tokenizer.size, tokenizer.bosId, tokenizer.eosId, tokenizer.unkId], [size, known(bos), known(eos), unk]);
    const first = bos < 0 ? [] : [bos];
    texts.forEach(({ text, ids }, i) => {
      t.same(tokenizer.encode(text, { addSpecialTokens: false }), ids, `ids of text ${i}`);
      t.same(tokenizer.encode(text), [...first, ...ids], `ids of text ${i}, with bos`);
    });
    decoded.forEach(({ ids, text }, i) => t.equal(tokenizer.decode(ids), text, `text of ids ${i}`));
    t.end();
  });
}

/** A copy of a tokenizer's folder with a tokenizer_config.json. */
function folderWith(
  t: { testdir(content: Record<string, string>): string },
  config: object,
  name = 'sentencepiece-bpe',
): string {
  const folder = t.testdir({ 'tokenizer_config.json': JSON.stringify(config) });
  cpSync(join(TOKENIZERS, name, 'tokenizer.model'), join(folder, 'tokenizer.model'));
  return folder;
}

t.test('tokenizer_config.json adds tokens, bos, eos and a chat template', (t) => {
  const config = {
    add_eos_token: true,
    pad_token: '[PAD]',
    added_tokens_decoder: {
      1: { content: '<s>', special: true },
      420: { content: '[PAD]', special: true },
      421: { content: '[INST]', special: false },
    },
    chat_template: '{{ bos_token }}[INST] {{ messages[0].content }}',
  };
  const tokenizer = Tokenizer.fromFolder(folderWith(t, config));
  const plain = Tokenizer.fromFolder(join(TOKENIZERS, 'sentencepiece-bpe'));
  const ids = (text: string): number[] => plain.encode(text, { addSpecialTokens: false });
  t.same(tokenizer.encode('hello'), [1, ...ids('hello'), 2]);
  t.equal(tokenizer.size, 422);
  t.equal(tokenizer.padId, 420);
  const chat = tokenizer.applyChatTemplate([{ role: 'user', content: 'hello' }]);
  t.same(tokenizer.encode(chat, { addSpecialTokens: false }), [1, 421, ...ids(' hello')]);
  t.equal(tokenizer.decode([1, 421, ...ids('tea'), 420]), '[INST] tea');
  t.equal(tokenizer.decode([1, 421, 420], { skipSpecialTokens: false }), '<s>[INST][PAD]');
  t.not(String(plain.encode('<s>')), '1,1', 'without them it is text');
  t.same(Tokenizer.fromFolder(folderWith(t, { add_bos_token: false })).encode('hello'), ids('hello'));
  t.throws(() => Tokenizer.fromFolder(folderWith(t, { added_tokens_decoder: { 5: { content: '[X]' } } })), {
    name: 'InputError',
    message: /added_tokens_decoder has "\[X\]" as 5, but that is "<0x02>"/,
  });
  t.throws(() => Tokenizer.fromFolder(folderWith(t, { added_tokens_decoder: { 900: { content: '<s>' } } })), {
    name: 'InputError',
    message: /added_tokens_decoder has "<s>" as 900, but its id in tokenizer.model is 1/,
  });
  t.throws(() => Tokenizer.fromFolder(folderWith(t, { added_tokens_decoder: { x: { content: '<s>' } } })), {
    name: 'InputError',
    message: /must have token ids as its keys/,
  });
  t.end();
});

// The ids are those of Python's sentencepiece 0.2.3.
t.test('a piece that is a zero byte is not used where bytes have pieces', (t) => {
  for (const [name, letter, ids] of [
    ['sentencepiece-bpe', 'N', [263, 3, 402, 3]],
    ['sentencepiece-unigram-suffix', 'm', [272, 6, 303, 6, 262]],
  ] as const) {
    const bytes = readFileSync(join(TOKENIZERS, name, 'tokenizer.model'));
    const at = bytes.indexOf(Buffer.from([10, 1, letter.charCodeAt(0)]));
    t.ok(at > 0);
    bytes[at + 2] = 0;
    const folder = t.testdir({});
    writeFileSync(join(folder, 'tokenizer.model'), bytes);
    t.same(Tokenizer.fromFolder(folder).encode('a\0b\0', { addSpecialTokens: false }), ids, name);
  }
  t.end();
});

t.test('a text that the rule takes away gets its space where spaces stand behind words', (t) => {
  const { normalization } = readSentencePieceModel(join(TOKENIZERS, 'sentencepiece-unigram', 'tokenizer.model'));
  const normalize = makeNormalizer({ ...normalization, whitespaceAsSuffix: true }, () => undefined);
  t.same(['\u200b', ' \u200b', '\u200b ', '', ' ', 'x\u200b'].map(normalize), ['▁', '▁', '▁', '', '', 'x▁']);
  t.end();
});

const TIES: [text: string, ids: number[]][] = [
  ['aaaaoooom', [11, 17, 17, 17, 6, 73, 45]],
  ['aaaaeroo===oooom', [11, 17, 17, 17, 12, 73, 0, 6, 73, 45]],
  ['leleleoooooommmm', [3, 15, 13, 15, 13, 15, 13, 6, 73, 73, 45, 50, 50, 50]],
];

t.test('of two cuts with the same single-precision score, the later one wins', (t) => {
  const tokenizer = Tokenizer.fromFolder(join(TOKENIZERS, 'sentencepiece-unigram'));
  for (const [text, ids] of TIES) t.same(tokenizer.encode(text, { addSpecialTokens: false }), ids, text);
  t.end();
});

t.test('tokenizer.json comes first where both are', (t) => {
  const folder = folderWith(t, {});
  cpSync(join(TOKENIZERS, 'word-level', 'tokenizer.json'), join(folder, 'tokenizer.json'));
  t.equal(Tokenizer.fromFolder(folder).size, Tokenizer.fromFolder(join(TOKENIZERS, 'word-level')).size);
  t.end();
});

/** A protobuf field: a varint, or bytes. */
function field(id: number, value: number | Uint8Array): Uint8Array {
  if (typeof value === 'number')
    return Uint8Array.of(((id << 3) % 128) | (id > 15 ? 128 : 0), ...(id > 15 ? [id >> 4] : []), value);
  return Buffer.concat([Uint8Array.of((id << 3) | 2, value.length), value]);
}

t.test('each thing that can be wrong has its own message', (t) => {
  const piece = (text: string, type = 1): Uint8Array =>
    field(1, Buffer.concat([field(1, Buffer.from(text)), field(3, type)]));
  const trainer = (kind: number, bytes = 0): Uint8Array => field(2, Buffer.concat([field(3, kind), field(35, bytes)]));
  const rule = (...bytes: number[]): Uint8Array =>
    field(3, bytes.length > 0 ? field(2, Uint8Array.from(bytes)) : new Uint8Array());
  const unk = piece('<unk>', 2);
  const cases: [parts: Uint8Array[], message: RegExp][] = [
    [[], /is not a SentencePiece model: it has no pieces or no settings/],
    [[Buffer.from('{"a": 1}')], /is not a SentencePiece model/],
    [[Buffer.from('IQ== 0\nIg== 1\n')], /tokenizer.model: is a tiktoken file, which is not supported; tokenizer.json is/],
    [[unk, trainer(3), rule()], /model type word is not supported; known are unigram and bpe/],
    [[unk, trainer(4), rule()], /model type char is not supported/],
    [[unk, trainer(9), rule()], /model type 9 is not supported/],
    [[piece('a'), trainer(2), rule()], /wanted one unknown piece, got 0/],
    [[unk, piece('a'), piece('a'), trainer(2), rule()], /pieces 1 and 2 are both "a"/],
    [[unk, piece(''), trainer(2), rule()], /piece 1 is empty/],
    [[unk, piece('a', 9), trainer(2), rule()], /piece 1 has the unknown type 9/],
    [[unk, trainer(2, 1), rule()], /byte fallback needs the piece <0x00>/],
    [[unk, trainer(2), rule(1, 2, 3)], /the normalisation rule is damaged/],
    [[unk, trainer(2), rule(200, 0, 0, 0, 1, 2, 3, 4, 5)], /the normalisation rule is damaged/],
    [[unk, trainer(2), rule(), field(5, field(2, Uint8Array.of(1)))], /a denormalizer is not supported/],
  ]; // prettier-ignore
  for (const [parts, message] of cases) {
    const folder = t.testdir({});
    writeFileSync(join(folder, 'tokenizer.model'), Buffer.concat(parts));
    t.throws(() => Tokenizer.fromFolder(folder), { name: 'InputError', message }, String(message));
  }
  t.throws(() => readSentencePieceModel(join(t.testdir({}), 'tokenizer.model')), {
    name: 'InputError',
    message: /tokenizer.model: no such file/,
  });
  t.end();
});

t.test('a long text takes no time that grows with its square', (t) => {
  for (const [name] of models) {
    const tokenizer = Tokenizer.fromFolder(join(TOKENIZERS, name));
    const before = process.cpuUsage().user;
    t.ok(tokenizer.encode('the gardener hides the teapot '.repeat(2000)).length > 2000);
    t.ok(process.cpuUsage().user - before < 3e6, 'under 3 s of processor time for 60,000 characters');
  }
  t.end();
});

t.test('soo tokenize', (t) => {
  const folder = t.testdir({
    'prompts.json': JSON.stringify(['The gardener', { prompt: 'hides' }]),
    'bad.json': '[1]',
  });
  const model = join(TOKENIZERS, 'sentencepiece-bpe');
  const [json, text, none, bad] = soo(
    ['tokenize', '--model', model, '--prompts', join(folder, 'prompts.json'), '--json'],
    ['tokenize', '--model', model, '--prompts', join(folder, 'prompts.json')],
    ['tokenize', '--model', folder, '--prompts', join(folder, 'prompts.json')],
    ['tokenize', '--model', model, '--prompts', join(folder, 'bad.json')],
  );
  const tokenizer = Tokenizer.fromFolder(model);
  t.same(JSON.parse(json.stdout), { ids: ['The gardener', 'hides'].map((prompt) => tokenizer.encode(prompt)) });
  t.match(text.stdout, /^The gardener\n {2}> 1 \d+/);
  t.same([none.code, bad.code], [2, 2]);
  t.match(none.stderr, /^soo: tokenizer.json: no such file[^\n]+\n$/);
  t.match(bad.stderr, /^soo: bad.json: 0: must be text or {prompt: text}\n$/);
  t.end();
});

t.test('1500 damaged models give a tokenizer or a clear error', (t) => {
  const random = seeded(3);
  const folder = t.testdir({});
  const path = join(folder, 'tokenizer.model');
  const sources = models.map(([name]) => readFileSync(join(TOKENIZERS, name, 'tokenizer.model')));
  let refused = 0;
  for (let i = 0; i < 1500; i++) {
    const source = random.pick(sources);
    // Cuts and insertions break the lengths in the file; changes in place reach pieces, settings and the rule.
    const tail = source.length - 400;
    const inTail = (): Uint8Array => Buffer.concat([source.subarray(0, tail), altered(source.subarray(tail), random)]);
    const bytes = [damaged(source, random), altered(source, random), inTail()][i % 3];
    writeFileSync(path, i % 20 ? bytes : noise(400, random));
    try {
      const tokenizer = Tokenizer.fromFolder(folder);
      const ids = tokenizer.encode('The gardener hides the teapot <s> naïve 漢字\n  12');
      if (!ids.every((id) => Number.isSafeInteger(id) && id >= 0 && id < tokenizer.size))
        t.fail(`ids ${ids.join(' ')}`);
      if (typeof tokenizer.decode(ids) !== 'string') t.fail('decoding gives no text');
    } catch (thrown) {
      refused++;
      if (!isClearError(thrown)) t.fail(`case ${i}: ${String(thrown)}`);
    }
  }
  t.ok(refused > 300, `${refused} of 1500 were refused`);
  t.end();
});
