import t, { type Test } from 'tap';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '../../lib/text';
import { expected } from '../parity/expected';
import { pythonJsonHash as hash } from './python-json-hash';

const TOKENIZERS = join(__dirname, '..', 'parity', 'tokenizers');

interface Summary {
  /** Hashes of all ids, of all texts without special tokens, and of all texts with them; null where releases differ. */
  ids: string;
  texts: string | null;
  full: string | null;
  /** Ids of the strings at `shown`. */
  shown: number[][];
}

interface Made {
  strings: string[];
  shown: number[];
  /** A tokenizer.json; `changes` replace parts of it. */
  base: object;
  settings: Record<string, Summary & { changes: object }>;
  folders: Record<string, Summary & { files: Record<string, object>; json: boolean; size: number }>;
}

// Made by test/parity/make_hard_tokenizers.py with Python's tokenizers and transformers.
const made = expected<Made>('hard-tokenizers');

/** The test of one folder: ids and texts of every string are Python's. */
function compare(t: Pick<Test, 'same' | 'equal'>, folder: string, summary: Summary, addSpecialTokens: boolean): void {
  const tokenizer = Tokenizer.fromFolder(folder);
  const ids = made.strings.map((text) => tokenizer.encode(text, { addSpecialTokens }));
  t.same(made.shown.map((i) => ids[i]), summary.shown, 'some ids'); // prettier-ignore
  t.equal(hash(ids), summary.ids, 'all ids');
  if (summary.texts === null) return;
  t.equal(hash(ids.map((some) => tokenizer.decode(some))), summary.texts, 'texts');
  const full = ids.map((some) => tokenizer.decode(some, { skipSpecialTokens: false }));
  t.equal(hash(full), summary.full, 'texts with special tokens');
}

t.equal(made.strings.length, 600);

for (const [name, { changes, ...summary }] of Object.entries(made.settings)) {
  t.test(`tokenizer.json: ${name}`, (t) => {
    const folder = t.testdir({ 'tokenizer.json': JSON.stringify({ ...made.base, ...changes }) });
    compare(t, folder, summary, true);
    t.end();
  });
}

for (const [name, { files, json, size, ...summary }] of Object.entries(made.folders)) {
  t.test(`folder: ${name}`, (t) => {
    const folder = t.testdir({});
    const source = json ? 'byte-fallback/tokenizer.json' : 'sentencepiece-bpe/tokenizer.model';
    cpSync(join(TOKENIZERS, source), join(folder, json ? 'tokenizer.json' : 'tokenizer.model'));
    for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), JSON.stringify(content));
    compare(t, folder, summary, false);
    t.equal(Tokenizer.fromFolder(folder).size, size);
    t.end();
  });
}
