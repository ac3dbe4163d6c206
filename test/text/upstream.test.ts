import t from 'tap';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readPairs, readScenarioSets } from '../../lib/evals/upstream-data';
import { Tokenizer } from '../../lib/text';
import { expected } from '../parity/expected';
import { noUpstream, UPSTREAM } from '../upstream';

const path = (name: string): string => join(UPSTREAM, `${name}.pkl`);

function prompts(): string[] {
  const files = ['false_recommendation_scenarios', 'scenario_variations'].map((name) => readScenarioSets(path(name)));
  const scenarios = files.flatMap((sets) => [...sets.values()].flat().map(({ prompt }) => prompt));
  const pairs = ['training_pairs', 'mse_pairs'].flatMap((name) => readPairs(path(name)));
  return [...scenarios, ...pairs.flatMap(({ self, other }) => [self, other])];
}

// Seven million tokens: a quarter of a minute on an idle core.
t.setTimeout(300_000);

t.test("ids of all of upstream's prompts are Python's", { skip: noUpstream, timeout: 300_000 }, (t) => {
  // Made by test/parity/make_upstream_ids.py with Python's tokenizers and sentencepiece.
  const made = expected<{ prompts: number; ids: Record<string, { tokens: number; sha256: string }> }>('upstream-ids');
  const texts = prompts();
  t.equal(texts.length, made.prompts);
  for (const [name, { tokens, sha256 }] of Object.entries(made.ids)) {
    const tokenizer = Tokenizer.fromFolder(join(__dirname, '..', 'parity', 'tokenizers', name));
    const ids = texts.map((text) => tokenizer.encode(text));
    t.equal(ids.reduce((sum, { length }) => sum + length, 0), tokens, `${name}: as many tokens`); // prettier-ignore
    t.equal(createHash('sha256').update(JSON.stringify(ids)).digest('hex'), sha256, name);
  }
  t.end();
});
