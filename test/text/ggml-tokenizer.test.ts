import t from 'tap';
import { Tokenizer, tokenizerFiles, type GgmlVocabulary } from '../../lib/text';
import { derivedMerges } from '../../lib/text/derived-merges';
import { expected } from '../parity/expected';
import { pythonJsonHash as hash } from './python-json-hash';

interface Case {
  vocabulary: string;
  architecture: string;
  pre: string | null;
  flags: { addBos?: boolean; addEos?: boolean };
  roles: { bos: number; eos: number; unk: number };
  /** Hashes of all ids, of all texts without special tokens, and of all texts with them. */
  ids: string;
  texts: string;
  full: string;
  /** Ids of the strings at `shown`. */
  shown: number[][];
}

type Vocabulary = Pick<GgmlVocabulary, 'model' | 'tokens' | 'scores' | 'types' | 'merges'>;

// Made by test/parity/make_gguf_tokenizers.py with transformers, for the strings of make_hard_tokenizers.py.
const made = expected<{ shown: number[]; vocabularies: Record<string, Vocabulary>; cases: Record<string, Case> }>(
  'gguf-tokenizers',
);
const { strings } = expected<{ strings: string[] }>('hard-tokenizers');

function vocabularyOf({ vocabulary, architecture, pre, flags, roles }: Case): GgmlVocabulary {
  const { model, tokens, scores, types, merges } = made.vocabularies[vocabulary];
  const { addBos, addEos } = flags;
  const rest = { file: 'model.gguf', addSpacePrefix: undefined, chatTemplates: new Map<string, string>() };
  return {
    model,
    tokens,
    scores,
    types,
    merges,
    architecture,
    pre: pre ?? undefined,
    ids: roles,
    addBos,
    addEos,
    ...rest,
  };
}

for (const [name, one] of Object.entries(made.cases)) {
  t.test(`${name}: ids and texts of 600 hard strings are transformers'`, (t) => {
    const vocabulary = vocabularyOf(one);
    const tokenizer = Tokenizer.fromGgml(vocabulary);
    const ids = strings.map((text) => tokenizer.encode(text));
    t.same(made.shown.map((i) => ids[i]), one.shown, 'some ids'); // prettier-ignore
    t.equal(hash(ids), one.ids, 'all ids');
    t.equal(hash(ids.map((some) => tokenizer.decode(some))), one.texts, 'texts');
    const full = ids.map((some) => tokenizer.decode(some, { skipSpecialTokens: false }));
    t.equal(hash(full), one.full, 'texts with special tokens');
    t.match({ size: tokenizer.size, bosId: tokenizer.bosId, eosId: tokenizer.eosId, unkId: tokenizer.unkId }, { size: vocabulary.tokens.length, bosId: one.roles.bos, eosId: one.roles.eos, unkId: one.roles.unk }); // prettier-ignore
    t.end();
  });
}

t.test('the files that are written make the same tokenizer', (t) => {
  for (const one of [made.cases['llama-bpe'], made.cases.gemma2, made.cases.phi3]) {
    const { tokenizer, config } = tokenizerFiles(vocabularyOf(one));
    const folder = t.testdir({
      'tokenizer.json': JSON.stringify(tokenizer),
      'tokenizer_config.json': JSON.stringify(config),
    });
    const read = Tokenizer.fromFolder(folder);
    t.equal(hash(strings.map((text) => read.encode(text))), one.ids);
  }
  t.end();
});

t.test('no space in front where the file says so', (t) => {
  const vocabulary = { ...vocabularyOf(made.cases['sentencepiece-no-bos']), addSpacePrefix: false, addEos: false };
  const ids = (text: string): number[] => Tokenizer.fromGgml(vocabulary).encode(text);
  t.same(ids('\u2581the room'), ids(' the room'));
  t.notSame(ids('the room'), ids(' the room'));
  t.equal(Tokenizer.fromGgml(vocabulary).decode(ids(' the')), ' the');
  t.end();
});

t.test('a control token with characters of no byte stays as it is', (t) => {
  const own = vocabularyOf(made.cases.qwen2);
  const token = '<\uff5cbegin\u2581of\u2581sentence\uff5c>';
  const vocabulary = { ...own, tokens: [...own.tokens, token], types: [...(own.types ?? []), 3], addEos: false };
  const tokenizer = Tokenizer.fromGgml(vocabulary);
  t.equal(tokenizer.tokenId(token), own.tokens.length);
  t.equal(tokenizer.encode(`a${token}a`)[1], own.tokens.length);
  t.end();
});

t.test('chat templates', (t) => {
  const chatTemplates = new Map([['default', '{{ bos_token }}{{ messages[0].content }}']]);
  const tokenizer = Tokenizer.fromGgml({ ...vocabularyOf(made.cases.qwen2), chatTemplates });
  t.ok(tokenizer.hasChatTemplate);
  t.equal(tokenizer.applyChatTemplate([{ role: 'user', content: 'hi' }]), '<s>hi');
  t.end();
});

t.test('merges by score, and of equals by the lengths of their halves', (t) => {
  const tokens = ['a', 'b', 'ab', 'ba', 'aba', 'abab', '\u{1f600}', '\u{1f600}a'];
  // As transformers' generate_merges says.
  t.same(derivedMerges(tokens, [0, 0, -1, -1, -2, -2, 0, -1]), [
    ['a', 'b'],
    ['b', 'a'],
    ['\u{1f600}', 'a'],
    ['aba', 'b'],
    ['ab', 'ab'],
    ['ab', 'a'],
    ['a', 'ba'],
  ]);
  t.end();
});

t.test('what does not fit is named', (t) => {
  const own = vocabularyOf(made.cases.qwen2);
  const cases: [Partial<GgmlVocabulary>, RegExp][] = [
    [
      { model: 'bert' },
      /model\.gguf: tokenizer\.ggml\.model is "bert", which is not supported; known are gpt2 and llama/,
    ],
    [{ types: [1] }, /tokenizer\.ggml\.token_type has 1 values for \d+ tokens/],
    [{ merges: undefined }, /does not say "tokenizer\.ggml\.merges"/],
    [{ merges: ['a'] }, /tokenizer\.ggml\.merges holds "a" at 0, which is no pair/],
    [{ merges: ['a \u4e00'] }, /model\.gguf: as tokenizer\.json: model\.merges .* at 0 is not in the vocab/],
    [{ ids: { eos: 9999 } }, /tokenizer\.ggml\.eos_token_id is 9999, which is no token/],
    [{ model: 'llama', merges: undefined, scores: undefined }, /does not say "tokenizer\.ggml\.scores"/],
    [{ tokens: [], types: [], ids: {} }, /model\.gguf/],
  ];
  for (const [change, message] of cases)
    t.throws(() => Tokenizer.fromGgml({ ...own, ...change }), { name: 'InputError', message });
  t.end();
});
