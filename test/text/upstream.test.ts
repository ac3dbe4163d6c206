import t from 'tap';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Tokenizer } from '../../lib/text';
import { expected } from '../parity/expected';
import { noUpstream, upstreamPrompts } from '../upstream';

type Ids = Record<string, { tokens: number; sha256: string }>;

// All of them are ten million tokens: half a minute on an idle core, and so only where it is asked for.
const whole = process.env.SOO_TORCH_ALL_PROMPTS !== undefined;
t.setTimeout(300_000);

t.test("ids of upstream's prompts are Python's", { skip: noUpstream, timeout: 300_000 }, (t) => {
  // Made by test/parity/make_upstream_ids.py with Python's tokenizers and sentencepiece.
  const made = expected<{ prompts: number; stride: number; all: Ids; sampled: Ids }>('upstream-ids');
  const all = upstreamPrompts();
  t.equal(all.length, made.prompts);
  const texts = whole ? all : all.filter((_, i) => i % made.stride === 0);
  for (const [name, { tokens, sha256 }] of Object.entries(whole ? made.all : made.sampled)) {
    const tokenizer = Tokenizer.fromFolder(join(__dirname, '..', 'parity', 'tokenizers', name));
    const ids = texts.map((text) => tokenizer.encode(text));
    t.equal(ids.reduce((sum, { length }) => sum + length, 0), tokens, `${name}: as many tokens`); // prettier-ignore
    t.equal(createHash('sha256').update(JSON.stringify(ids)).digest('hex'), sha256, name);
  }
  t.end();
});
