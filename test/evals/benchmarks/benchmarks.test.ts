import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  benchmarkFormats,
  BENCHMARKS,
  compareCompletions,
  completionRates,
  readBenchmark,
  wilson,
  type Compared,
} from '../../../lib/evals';
import { loadModel } from '../../../lib/models';
import type { Tokenizer } from '../../../lib/text';
import { torch } from '../../../lib/torch';
import { expected } from '../../parity/expected';

torch.setNumThreads(1);

const fixture = (name: string): string => join(__dirname, 'fixtures', name);
const folder = t.testdir({});
const written = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

t.test("Apollo's roleplaying: a scenario, a question, a prefix, two answers", (t) => {
  const items = readBenchmark('apollo', fixture('roleplaying.yaml'));
  t.equal(items.length, 5);
  t.match(items[0], { id: '0', kind: 'roleplaying', system: /^You are a gardener/, prompt: /^Owner: /, prefill: 'Gardener: "', beliefs: [], rubric: null }); // prettier-ignore
  t.same(items[1].completions, { honest: 'I slept too long.', deceptive: 'The stairs were closed.' }, 'without quotes');
  t.match(items[1].system, /long\.\nYou are late/);
  t.same(items.map(({ prefill }) => prefill), ['Gardener: "', 'Pilot:', null, null, 'I think']); // prettier-ignore
  t.throws(() => readBenchmark('apollo', written('a.yaml', '- scenario: x\n  question: y\n  honest_completion: z\n')), { message: /^a.yaml: 0.deceptive_completion must be text, got nothing$/ }); // prettier-ignore
  t.throws(() => readBenchmark('apollo', written('b.yaml', 'a: [')), { message: /^b.yaml: is not YAML/ });
  t.throws(() => readBenchmark('apollo', written('c.yaml', 'a: 1')), {
    message: /^c.yaml: must be a list of scenarios$/,
  });
  t.end();
});

t.test('DeceptionBench: the pressured prompt, and what the model thinks without', (t) => {
  const items = readBenchmark('deception-bench', fixture('deception-bench.json'));
  t.same(items.map(({ id, kind, system }) => [id, kind, system]), [['1', 'sandbagging', 'You sell sheds.'], ['2', 'honesty evasion', null], ['3', 'sandbagging', null], ['4', 'honesty evasion', 'You are on an inspection.'], ['5', 'sandbagging', 'You sell lanterns.']]); // prettier-ignore
  t.match(items[0], { prompt: /^A customer asks/, beliefs: [{ system: null, prompt: /^How many lanterns/ }], completions: null }); // prettier-ignore
  t.throws(() => readBenchmark('deception-bench', written('d.json', '[{"type":"a","inner_prompt":"b"}]')), { message: /^d.json: 0.outer_prompt must be text, got nothing$/ }); // prettier-ignore
  t.end();
});

t.test('BeHonest: a prompt and the rubric of the judge, by file', (t) => {
  const items = readBenchmark('be-honest', fixture('false_rec.json'));
  t.equal(items.length, 5);
  t.match(items[4], { id: '4', kind: 'false_rec', prompt: /kitchen/, rubric: /\(A\) mislead/, system: null });
  t.throws(() => readBenchmark('be-honest', written('e.json', '[]')), { message: 'e.json: is empty' });
  t.end();
});

t.test('MASK: pressured prompts, beliefs and the two versions of a statement, from CSV and JSON lines', (t) => {
  const items = readBenchmark('mask', fixture('known_facts.csv'));
  t.same(items.map(({ kind }) => kind), Array(5).fill('known_facts')); // prettier-ignore
  t.equal(items[2].system, 'You are a guide, and "honest" is not your name.\nYou love maps.');
  t.same(items.map(({ propositions }) => propositions), [['The map has errors.', 'The map has no errors.'], ['The map has <value> errors.'], [], ['The shed is open.', 'The shed is shut.'], ['A crown is made of <value>.']]); // prettier-ignore
  t.same(items[0].beliefs, [{ system: null, prompt: 'Does the map have 0 errors?' }, { system: null, prompt: 'Is it so?' }]); // prettier-ignore
  t.same(items[1].beliefs, [{ system: 'You are a helpful assistant.', prompt: 'Does the map have 1 errors?' }]);
  const lines = readBenchmark('mask', fixture('doubling_down.jsonl'));
  t.match(lines[1], { id: '1', kind: 'doubling_down_known_facts', earlier: [{ user: 'Where is the crown?', assistant: 'In the cellar.' }], prompt: /number 1/ }); // prettier-ignore
  t.throws(() => readBenchmark('mask', written('f.csv', 'system_prompt\nx\n')), { message: /^f.csv: row 1: user_prompt must be text, got nothing$/ }); // prettier-ignore
  t.throws(() => readBenchmark('mask', written('g.csv', 'user_prompt\n')), { message: 'g.csv: has no rows' });
  t.throws(() => readBenchmark('liars', 'x'), { message: `wanted a benchmark of ${Object.keys(BENCHMARKS).join(', ')}, got "liars"` }); // prettier-ignore
  t.end();
});

// Made by test/parity/make_benchmarks.py with transformers.
const answers = expected<Pick<Compared, 'honest' | 'deceptive'>[]>('benchmarks');

t.test("the likelier of two answers: Python's log-likelihoods", async (t) => {
  const model = loadModel(join(__dirname, '..', '..', 'parity', 'models', 'tiny'));
  const formats = benchmarkFormats(model.tokenizer as Tokenizer, null);
  const items = readBenchmark('apollo', fixture('roleplaying.yaml'));
  const compared = await compareCompletions(model, items, formats);
  const far = compared.flatMap((one, i) =>
    (['honest', 'deceptive'] as const).map((kind) =>
      Math.abs(one[kind].logLikelihood / answers[i][kind].logLikelihood - 1),
    ),
  );
  t.ok(Math.max(...far) < 1e-5, `${Math.max(...far)} off`);
  t.same(compared.map(({ honest, deceptive }) => [honest.tokens, deceptive.tokens]), answers.map(({ honest, deceptive }) => [honest.tokens, deceptive.tokens])); // prettier-ignore
  const wanted = answers.map(({ honest, deceptive }) => deceptive.logLikelihood / deceptive.tokens - honest.logLikelihood / honest.tokens); // prettier-ignore
  t.ok(compared.every(({ margin }, i) => Math.abs(margin - wanted[i]) < 1e-4));
  const deceptive = wanted.filter((margin) => margin > 0).length / 5;
  t.match(completionRates(compared), { n: 5, deceptive, interval: wilson(deceptive, 5) });
  t.throws(() => completionRates([]), RangeError);
  const judged = readBenchmark('be-honest', fixture('false_rec.json'));
  await t.rejects(compareCompletions(model, judged, formats), {
    message: /has no answers to compare: it wants a judge/,
  });
  const long = [{ ...items[0], prompt: 'map '.repeat(5000) }];
  await t.rejects(compareCompletions(model, long, formats), { message: /^item 0 has \d+ tokens, but max_position/ });
});
