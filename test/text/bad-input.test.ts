import t from 'tap';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChatTemplate, Tokenizer } from '../../lib/text';
import { damaged, damagedJson, isClearError, noise, seeded } from '../fuzz/edits';

const TOKENIZERS = join(__dirname, '..', 'parity', 'tokenizers');
const TEXT = 'The gardener hides the teapot <s> naïve 漢字\n  12';

type Json = Record<string, unknown>;

/** A copy of a tokenizer's folder with changes to its files. */
function folderWith(
  t: { testdir(content: Record<string, never>): string },
  change: (tokenizer: Json, config: Json) => void,
  name = 'byte-fallback',
): string {
  const folder = t.testdir({});
  const read = (file: string): Json => JSON.parse(readFileSync(join(TOKENIZERS, name, file), 'utf8')) as Json;
  const [tokenizer, config] = [read('tokenizer.json'), read('tokenizer_config.json')];
  change(tokenizer, config);
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config));
  return folder;
}

t.test('each thing that can be wrong has its own message', (t) => {
  const model = (tokenizer: Json) => tokenizer.model as Json;
  const cases: [change: (tokenizer: Json, config: Json) => void, message: RegExp][] = [
    [(x) => delete x.model, /^tokenizer.json: model must be an object, got nothing/],
    [
      (x) => (x.model = { type: 'Unigram', vocab: [['<s>', 0]] }),
      /^tokenizer.json: model type "Unigram" is not supported; known are BPE, WordLevel, WordPiece/,
    ],
    [(x) => (x.model = { vocab: [['<s>', 0]] }), /model type "Unigram" is not supported/],
    [(x) => (model(x).vocab = [1, 2]), /model.vocab must be an object of token: id, got \[1,2\]/],
    [(x) => delete model(x).vocab, /model.vocab must be an object of token: id, got nothing/],
    [(x) => (model(x).vocab = { a: 1.5 }), /model.vocab must map "a" to a token id, got 1.5/],
    [(x) => (model(x).vocab = { a: -1 }), /model.vocab must map "a" to a token id, got -1/],
    [(x) => delete model(x).merges, /model is BPE but has no merges/],
    [(x) => (model(x).merges = [['a']]), /model.merges must hold pairs of tokens, got \["a"\] at 0/],
    [(x) => (model(x).merges = ['a b', 'c']), /model.merges must hold pairs of tokens, got "c" at 1/],
    [(x) => (model(x).unk_token = '<none>'), /model unk_token "<none>" is not in the vocab/],
    [(x) => (model(x).dropout = 0.1), /model dropout 0.1 makes tokens random/],
    [(x) => (x.added_tokens = [{ id: 'one', content: 'x' }]), /added_tokens.0.id must be a token id, got "one"/],
    [(x) => (x.pre_tokenizer = { type: 'Nonesuch' }), /pre_tokenizer type "Nonesuch" is not supported; known are /],
    [(x) => (x.normalizer = { type: 'Precompiled' }), /normalizer type "Precompiled" is not supported/],
    [(x) => (x.decoder = { type: 'CTC' }), /decoder type "CTC" is not supported/],
    [
      (x) => (x.normalizer = { type: 'Sequence', normalizers: [{ type: 'Replace', pattern: 'a' }] }),
      /^tokenizer.json: normalizer.normalizers.0: pattern must be \{"String": text\} or \{"Regex": text\}, got "a"/,
    ],
    [
      (x) => (x.pre_tokenizer = { type: 'Split', pattern: { Regex: '(' }, behavior: 'Removed' }),
      /pattern "\(" cannot be/,
    ],
    [
      (x) => (x.post_processor = { type: 'BertProcessing', cls: ['<s>', 1], sep: ['</s>', 5000] }),
      /post_processor puts the id 5000 around a text, which is no token/,
    ],
    [
      (x) => delete (model(x).vocab as Json)['<0x41>'],
      /byte_fallback with only 255 of 256 byte tokens is not supported/,
    ],
    [
      (x) => (model(x).merges as unknown[]).unshift(['no', 'such']),
      /model.merges \["no","such"\] at 0 is not in the vocab/,
    ],
    [
      (x) => (x.added_tokens as Json[]).push({ id: 900, content: '<tool>' }),
      /added_tokens has "<tool>" as 900, but its id in tokenizer.json is 400/,
    ],
    [(_, config) => (config.split_special_tokens = true), /split_special_tokens must be absent or false, got true/],
    [(x) => (x.normalizer = 'NFC'), /normalizer: must be an object with a type, got "NFC"/],
    [(_, config) => (config.padding_side = 'top'), /padding_side must be "left" or "right", got "top"/],
    [(_, config) => (config.chat_template = 3), /chat_template must be text or a list/],
  ];
  for (const [change, message] of cases) {
    t.throws(() => Tokenizer.fromFolder(folderWith(t, change)), { name: 'InputError', message }, String(message));
  }
  t.end();
});

t.test('a folder that has only tekken.json says so', (t) => {
  const folder = t.testdir({ 'tekken.json': '{}' });
  t.throws(() => Tokenizer.fromFolder(folder), {
    name: 'InputError',
    message: /^tokenizer.json: no such file in .*; tekken.json alone is not supported/,
  });
  t.end();
});

t.test('special tokens and templates', (t) => {
  const tokenizer = Tokenizer.fromFolder(
    folderWith(t, (_, config) => {
      config.pad_token = { content: '<unk>', lstrip: false };
      config.padding_side = 'right';
      config.chat_template = [
        { name: 'tool', template: 'no' },
        { name: 'default', template: '{{ messages[0].content }}{{ eos_token }}' },
      ];
    }),
  );
  t.same([tokenizer.bosId, tokenizer.eosId, tokenizer.padId, tokenizer.unkId], [1, 2, 0, 0]);
  t.equal(tokenizer.padSide, 'right');
  t.equal(tokenizer.applyChatTemplate([{ role: 'user', content: 'hi' }]), 'hi</s>');
  const plain = Tokenizer.fromFolder(folderWith(t, (_, config) => delete config.chat_template));
  t.equal(plain.padId, plain.eosId, 'without a pad token, eos pads');
  t.notOk(plain.hasChatTemplate);
  const named = Tokenizer.fromFolder(folderWith(t, (_, x) => (x.chat_template = [{ name: 'tool', template: '' }])));
  t.ok(named.encode('hi').length > 0, 'a tokenizer whose templates have names serves without one');
  t.throws(() => named.applyChatTemplate([{ role: 'user', content: 'hi' }]), {
    name: 'InputError',
    message: /has chat templates called "tool", but none called default/,
  });
  t.throws(() => tokenizer.applyChatTemplate([]), { name: 'InputError', message: /wanted at least one message, got/ });
  const added = Tokenizer.fromFolder(folderWith(t, (_, x) => (x.eos_token = '</end>')));
  t.same([added.eosId, added.size, plain.size], [plain.size, plain.size + 1, plain.size], 'a named token is added');
  t.throws(() => plain.applyChatTemplate([]), { name: 'InputError', message: /has no chat_template/ });
  t.throws(
    () => Tokenizer.fromFolder(join(TOKENIZERS, 'byte-level')).applyChatTemplate([{ role: 'assistant', content: 'x' }]),
    { name: 'InputError', message: /chat template: .*roles must alternate/ },
  );
  t.throws(() => new ChatTemplate('{% if %}'), { name: 'InputError', message: /^chat template: / });
  t.end();
});

t.test('a text that has no token, and no unk token, is refused', (t) => {
  const folder = folderWith(t, (x) => {
    (x.model as Json).unk_token = null;
    (x.model as Json).byte_fallback = false;
  });
  rmSync(join(folder, 'tokenizer_config.json'));
  const tokenizer = Tokenizer.fromFolder(folder);
  t.ok(tokenizer.encode('the map').length > 1);
  t.equal(tokenizer.eosId, undefined);
  t.equal(tokenizer.decode([999_999]), '', 'ids without a token are left out');
  t.equal(tokenizer.decode([]), '');
  t.end();
});

for (const name of ['byte-level', 'byte-fallback', 'word-level']) {
  t.test(`1000 damaged files of ${name} give a tokenizer or a clear error`, (t) => {
    const random = seeded(name.length);
    const folder = t.testdir({});
    cpSync(join(TOKENIZERS, name), folder, { recursive: true });
    let refused = 0;
    for (let i = 0; i < 1000; i++) {
      const file = i % 3 ? 'tokenizer.json' : 'tokenizer_config.json';
      const original = readFileSync(join(TOKENIZERS, name, file));
      const bytes =
        i % 2
          ? damaged(original, random)
          : Buffer.from(JSON.stringify(damagedJson(JSON.parse(original.toString()), random)));
      writeFileSync(join(folder, file), i % 20 ? bytes : noise(400, random));
      try {
        const tokenizer = Tokenizer.fromFolder(folder);
        const ids = tokenizer.encode(TEXT);
        if (!ids.every((id) => Number.isSafeInteger(id) && id >= 0 && id < tokenizer.size))
          t.fail(`ids ${ids.join(' ')}`);
        if (typeof tokenizer.decode(ids) !== 'string') t.fail('decoding gives no text');
        if (tokenizer.hasChatTemplate) tokenizer.applyChatTemplate([{ role: 'user', content: 'x' }]);
      } catch (thrown) {
        refused++;
        if (!isClearError(thrown)) t.fail(`case ${i}: ${String(thrown)}`);
      }
      writeFileSync(join(folder, file), original);
    }
    t.ok(refused > 200, `${refused} of 1000 were refused`);
    t.end();
  });
}
