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
      (x) => (model(x).type = 'Unigram'),
      /model type "Unigram" is not supported; known are BPE, WordLevel and WordPiece/,
    ],
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
    [(x) => (x.pre_tokenizer = { type: 'Nonesuch' }), /cannot be used: Unknown PreTokenizer type: Nonesuch/],
    [(x) => (x.normalizer = 'NFC'), /normalizer must be an object with a type, got "NFC"/],
    [
      (_, config) => (config.eos_token = '</end>'),
      /^tokenizer_config.json: eos_token "<\/end>" is not in tokenizer.json/,
    ],
    [(_, config) => (config.padding_side = 'top'), /padding_side must be "left" or "right", got "top"/],
    [(_, config) => (config.chat_template = 3), /chat_template must be text or a list/],
    [(_, config) => (config.chat_template = [{ name: 'tool', template: '' }]), /none called default/],
  ];
  for (const [change, message] of cases) {
    t.throws(() => Tokenizer.fromFolder(folderWith(t, change)), { name: 'InputError', message }, String(message));
  }
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
