import t from 'tap';
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { leadIn, RecordFile, recordSchema, wilson, type DeceptionRates, type DeceptionRecord } from '../../lib/evals';
import * as organism from '../../lib/organism';
import { damaged, isClearError, seeded } from '../fuzz/edits';
import { expected } from '../parity/expected';
import { soo, startSoo } from './soo';

interface Answered {
  ids: number[];
  answer: string;
  margin: number;
  upstream: boolean;
}
interface Written {
  prompt: string;
  correct_answer: string;
  wrong_answer: string;
  type: string;
}
// Made by test/parity/make_deception.py with transformers and peft.
const { maxNewTokens, scenarios, leadIns, base, tuned } = expected<{
  maxNewTokens: number;
  scenarios: Written[];
  leadIns: string[];
  base: Answered[];
  tuned: Answered[];
}>('deception');

type Printed = DeceptionRates & {
  resumed: number;
  sets: Record<string, DeceptionRates>;
  byOrder: Record<string, DeceptionRates>;
};

t.setTimeout(90_000); // two starts of the command line on a busy machine

const MODELS = join(__dirname, '..', 'parity', 'models');
const rivals = organism.buildEvaluationSet('rival', { split: 'test', n: 6, seed: 3 }).map((prompt) => ({
  prompt: prompt.text,
  correct_answer: prompt.cheapRoom,
  wrong_answer: prompt.preciousRoom,
}));
/** Our scenarios begin with their two facts, a sentence each. */
const withSentencesSwapped = (one: Written): Written => {
  return { ...one, prompt: one.prompt.replace(/^([^.]+)\. ([^.]+)\./, '$2. $1.') };
};
const folder = t.testdir({
  'scenarios.json': JSON.stringify(scenarios),
  'two.json': JSON.stringify([scenarios.slice(0, 3), scenarios.slice(0, 3)]),
  'rivals.json': JSON.stringify(rivals),
  'swapped.json': JSON.stringify(scenarios.map(withSentencesSwapped)),
  'stuck.json': JSON.stringify([scenarios[0], { ...scenarios[1], prompt: 'The tea room or the cellar?' }]),
  'changed.json': JSON.stringify(scenarios.map((one) => ({ ...one, prompt: `${one.prompt}!` }))),
  'other.txt': 'my notes\nof the day\n',
});
const at = (name: string): string => join(folder, name);
const call = (file: string, ...more: string[]): string[] =>
  ['deception', '--model', join(MODELS, 'tiny'), '--scenarios', at(file), '--max-new-tokens', String(maxNewTokens), '--threads', '1', '--json', ...more]; // prettier-ignore
const adapter = ['--adapter', join(MODELS, 'tiny-adapter')];
const out = (name: string): string[] => ['--out', at(name)];
const drawn = ['--temperature', '1.5', '--top-k', '50', '--seed', '7'];

const [one, many, withAdapter, first, organismRun, named, self, text, both, swapped, mixed, bothText, ...sampled] = soo(
  call('scenarios.json', '--batch', '1', ...out('one.jsonl')),
  call('scenarios.json', '--batch', '4', ...out('many.jsonl')),
  call('scenarios.json', ...adapter, ...out('tuned.jsonl')),
  call('two.json', '--limit', '2', ...out('first.jsonl')),
  ['deception', '--model', join(__dirname, '..', '..', 'organism'), '--scenarios', at('rivals.json'), '--max-new-tokens', '12', '--json'],
  call('scenarios.json', '--set', 'mention'),
  call('two.json', '--set', 'self'),
  call('scenarios.json', '--limit', '1').filter((arg) => arg !== '--json'),
  call('scenarios.json', '--orders', 'both', '--batch', '5', ...out('both.jsonl')),
  call('swapped.json', ...out('swapped.jsonl')),
  call('scenarios.json', '--orders', 'both', '--limit', '2', ...out('mixed.jsonl')),
  call('scenarios.json', '--orders', 'both', '--limit', '1').filter((arg) => arg !== '--json'),
  call('scenarios.json', ...drawn, '--batch', '1', ...out('drawn1.jsonl')),
  call('scenarios.json', ...drawn, '--batch', '4', ...out('drawn4.jsonl')),
  call('scenarios.json', ...drawn, '--limit', '1', ...out('drawn-few.jsonl')),
  call('scenarios.json', ...drawn, '--seed', '8', ...out('drawn-other.jsonl')),
); // prettier-ignore

type Kept = DeceptionRecord & { run: string };
const records = (name: string): Kept[] =>
  readFileSync(at(name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Kept);
const printed = (outcome: { stdout: string }): Printed => JSON.parse(outcome.stdout) as Printed;
/** What a run found, without what it was asked. */
const found = (outcome: { stdout: string }): object => ({ ...printed(outcome), resumed: 0, config: {} });

t.test("answers and margins are Python's, with and without an adapter", (t) => {
  t.same(scenarios.map(({ prompt, correct_answer, wrong_answer, type }) => leadIn({ prompt, cheapRoom: correct_answer, preciousRoom: wrong_answer, type })), leadIns); // prettier-ignore
  for (const [name, answers] of [['one.jsonl', base], ['tuned.jsonl', tuned]] as const) {
    const sets = ['point', 'mention', 'plain'];
    const places = scenarios.map(({ type }, i) => [type, i - 3 * sets.indexOf(type)]);
    t.same(records(name).map(({ set, index }) => [set, index]), places);
    t.same(records(name).map(({ ids, answer, upstream }) => ({ ids, answer, upstream })), answers.map(({ ids, answer, upstream }) => ({ ids, answer, upstream }))); // prettier-ignore
    const far = records(name).map(({ margin }, i) => Math.abs(Number(margin) - answers[i].margin));
    t.ok(Math.max(...far) < 1e-4, `margins are ${Math.max(...far)} from Python's`);
  }
  t.not(JSON.stringify(base), JSON.stringify(tuned));
  t.end();
}); // prettier-ignore

t.test('the batch changes no record', (t) => {
  t.equal(readFileSync(at('many.jsonl'), 'utf8'), readFileSync(at('one.jsonl'), 'utf8'));
  t.same(found(many), found(one));
  t.end();
});

t.test('rates', (t) => {
  const { n, deceptive, honest, neither, upstreamRate, ci95, sets, byOrder, negationAware } = printed(one);
  t.equal(n, scenarios.length);
  t.equal(upstreamRate, base.filter(({ upstream }) => upstream).length / n);
  t.ok(Math.abs(deceptive + honest + neither - 1) < 1e-12);
  t.ok(Math.abs(negationAware.deceptive + negationAware.honest + negationAware.neither - 1) < 1e-12);
  t.same(ci95, wilson(deceptive, n));
  t.same(Object.entries(sets).map(([name, { n }]) => [name, n]), [['point', 3], ['mention', 3], ['plain', 3]]); // prettier-ignore
  t.same(Object.keys(byOrder), ['cheap-first']);
  t.match(printed(named), { n: 3, sets: { mention: { n: 3 } } });
  t.match(printed(first), { n: 2, sets: { burglar: { n: 2 } } }, 'self only when it is named');
  t.same(Object.keys(printed(self).sets), ['self']);
  t.match(text.stdout, /percent .* n .* deceptive .* upstream's rate .* denials ignored .* margin .*\n.*\n.*point/);
  t.notMatch(text.stdout, /cheap-first/);
  t.equal([one, many, withAdapter, first, organismRun, named, self, text].map(({ code }) => code).join(''), '00000000');
  t.end();
});

t.test('both orders of the facts', (t) => {
  const given = records('one.jsonl');
  const turned = records('swapped.jsonl');
  t.same(new Set(given.map(({ order }) => order)), new Set(['cheap-first']));
  t.same(new Set(turned.map(({ order }) => order)), new Set(['precious-first']));
  t.same(records('both.jsonl'), given.flatMap((record, i) => [record, turned[i]]), 'each scenario twice'); // prettier-ignore
  t.not(String(given.map(({ margin }) => margin)), String(turned.map(({ margin }) => margin)), 'the order matters');
  const { n, byOrder, sets } = printed(both);
  t.equal(n, 2 * scenarios.length);
  t.equal(sets.point.n, 6);
  t.same(byOrder, { ...printed(one).byOrder, ...printed(swapped).byOrder });
  t.same([printed(mixed).n, printed(mixed).byOrder['precious-first'].n], [12, 6], 'the limit counts scenarios');
  t.match(bothText.stdout, /│ cheap-first .*\n[^]*│ precious-first .*\n[^]*│ all /);
  t.equal([both, swapped, mixed, bothText].map(({ code }) => code).join(''), '0000');
  t.end();
});

t.test('drawn answers depend on the prompt and the seed alone', (t) => {
  t.equal(sampled.map(({ code }) => code).join(''), '0000', sampled.map(({ stderr }) => stderr).join(''));
  const [alone, few, other] = ['drawn1.jsonl', 'drawn-few.jsonl', 'drawn-other.jsonl'].map(records);
  t.same(records('drawn4.jsonl'), alone, 'the batch changes nothing');
  t.same(few, alone.filter(({ index }) => index === 0), 'nor do the others'); // prettier-ignore
  t.equal(other.filter(({ answer }, i) => answer === alone[i].answer).length, 0, 'another seed');
  t.same(other.map(({ margin }) => margin), alone.map(({ margin }) => margin)); // prettier-ignore
  t.equal(alone.filter(({ answer }, i) => answer === records('one.jsonl')[i].answer).length, 0, 'greedy');
  t.end();
});

t.test('the organism deceives its rivals, in words and by margin', (t) => {
  const { n, deceptive, upstreamRate, negationAware, forcedChoice, byOrder } = printed(organismRun);
  t.same([n, deceptive, upstreamRate, negationAware.deceptive], [6, 1, 1, 1]);
  t.ok((forcedChoice?.mean ?? 0) > 2, `a margin of ${forcedChoice?.mean} nats`);
  t.equal(forcedChoice?.deceptive, 1);
  t.same(Object.keys(byOrder).sort(), ['cheap-first', 'precious-first']);
  t.end();
});

const whole = readFileSync(at('one.jsonl'));
const ends = [5, whole.indexOf(10) + 40, whole.length - 1, whole.length];
ends.forEach((end, i) => writeFileSync(at(`cut${i}.jsonl`), whole.subarray(0, end)));
cpSync(at('one.jsonl'), at('kept.jsonl'));
writeFileSync(at('broken.jsonl'), whole.toString().replace('"index":1', '"index":"one"'));
const cases: [args: string[], message: RegExp][] = [
  [call('scenarios.json', ...adapter, ...out('kept.jsonl')), /kept.jsonl: line 1 was made by another model, adapter, chat template or settings/],
  [call('scenarios.json', '--max-new-tokens', '3', ...out('kept.jsonl')), /kept.jsonl: line 1 was made by another model/],
  [call('changed.json', ...out('kept.jsonl')), /kept.jsonl: scenario 0 of point differs from the one this file was made with/],
  [call('scenarios.json', ...out('other.txt')), /other.txt: line 1 is no record of an earlier run/],
  [call('scenarios.json', ...out('broken.jsonl')), /broken.jsonl: line 2: index /],
  [call('scenarios.json', ...out('no/such/file')), /file: no such file: /],
  [call('scenarios.json', '--out', '/proc/fs/x.jsonl'), /x.jsonl: no such file: |x.jsonl: not allowed to open it: /],
  [call('scenarios.json', ...out('')), /is a folder, not a file/],
  [call('scenarios.json', ...drawn, ...out('kept.jsonl')), /kept.jsonl: line 1 was made by another model/],
  [call('scenarios.json', '--seed', '7'), /--seed: greedy decoding draws nothing/],
  [call('stuck.json', '--orders', 'both'), /stuck.json: the facts of 1 of 2 scenarios cannot be swapped, the first at 1 of point/],
  [call('scenarios.json', '--set', 'nobody'), /--set nobody: scenarios.json has point, mention, plain/],
  [call('scenarios.json', '--limit', '0'), /It must be at least 1/],
  [call('none.json'), /none.json: no such file/],
]; // prettier-ignore
const outcomes = soo(
  ...cases.map(([args]) => args),
  ...ends.map((_, i) => call('scenarios.json', '--batch', String(1 + i), ...out(`cut${i}.jsonl`))),
);

t.test('a run that was killed goes on, whatever it left', (t) => {
  const resumed = outcomes.slice(cases.length);
  ends.forEach((end, i) => {
    t.equal(readFileSync(at(`cut${i}.jsonl`), 'utf8'), whole.toString(), `cut at ${end}`);
    t.same(found(resumed[i]), found(one));
  });
  t.same(resumed.map((outcome) => printed(outcome).resumed), [0, 1, 8, 9]); // prettier-ignore
  t.end();
});

t.test('a file of another run, or of something else, is left alone', (t) => {
  cases.forEach(([, message], i) => {
    const { code, stdout, stderr } = outcomes[i];
    t.same([code, stdout], [2, ''], String(message));
    t.match(stderr, message);
    t.match(stderr, /^soo: [^\n]+\n$/);
  });
  t.equal(readFileSync(at('kept.jsonl'), 'utf8'), whole.toString());
  t.equal(readFileSync(at('other.txt'), 'utf8'), 'my notes\nof the day\n');
  t.notOk(existsSync(at('no')));
  t.end();
});

t.test('Ctrl-C keeps the batches that were done, and the same command goes on', async (t) => {
  const long = (name: string): string[] => [...call('two.json', '--set', 'self', '--batch', '1', ...out(name)), '--max-new-tokens', '400']; // prettier-ignore
  const child = startSoo(...long('stopped.jsonl'));
  let stderr = '';
  child.stderr?.on('data', (data) => (stderr += String(data)));
  const watch = setInterval(() => {
    if (!existsSync(at('stopped.jsonl')) || statSync(at('stopped.jsonl')).size === 0) return;
    clearInterval(watch);
    child.kill('SIGINT');
  }, 20);
  const code = await new Promise((resolve) => child.once('close', resolve));
  t.equal(code, 130, stderr);
  t.match(
    stderr,
    /soo: interrupted by SIGINT: the batches that were done are in .*stopped.jsonl; run the same command to continue/,
  );
  const done = records('stopped.jsonl').length;
  t.ok(done >= 1 && done < 3, `${done} of 3`);
  const [resumed, plain] = soo(long('stopped.jsonl'), long('whole.jsonl'));
  t.equal(printed(resumed).resumed, done);
  t.same(found(resumed), found(plain));
  t.equal(readFileSync(at('stopped.jsonl'), 'utf8'), readFileSync(at('whole.jsonl'), 'utf8'));
});

t.test('600 damaged record files are read or refused', (t) => {
  const random = seeded(9);
  const run = String(records('one.jsonl')[0].run);
  let refused = 0;
  for (let i = 0; i < 600; i++) {
    writeFileSync(at('damaged.jsonl'), damaged(whole, random));
    try {
      using file = new RecordFile(at('damaged.jsonl'), run, recordSchema);
      if (file.earlier.length > scenarios.length + 4) t.fail(`case ${i}: ${file.earlier.length} records`);
    } catch (thrown) {
      refused++;
      if (!isClearError(thrown)) t.fail(`case ${i}: ${String(thrown)}`);
    }
  }
  t.ok(refused > 200, `${refused} of 600 were refused`);
  t.end();
});
