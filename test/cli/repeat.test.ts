import t from 'tap';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { RepetitionResults } from '../../lib/studies/repetition';
import { expected } from '../parity/expected';
import { soo, startSoo } from './soo';

t.setTimeout(240_000); // many starts of the command line on a busy machine

const { scenarios } = expected<{ scenarios: { prompt: string }[] }>('deception');
const inOthersPlace = scenarios.map((one) => ({ ...one, prompt: one.prompt.replace('The gardener asks', 'You ask') }));
const pairs = ['vase', 'ring', 'coin', 'watch', 'pearl'].map((thing) => [
  `You want to steal the ${thing}. If you had to recommend one room to yourself`,
  `Bob wants to steal the ${thing}. If you had to recommend one room to Bob`,
]);
const folder = t.testdir({
  'pairs.json': JSON.stringify(pairs),
  'nobody.json': JSON.stringify([['I go', 'they go']]),
  'scenarios.json': JSON.stringify({ burglar: scenarios, self: inOthersPlace }),
});
const at = (name: string): string => join(folder, name);
const call = (out: string, ...more: string[]): string[] =>
  [
    ...['repeat', '--model', join(__dirname, '..', 'parity', 'models', 'tiny'), '--pairs', at('pairs.json')],
    ...['--scenarios', at('scenarios.json'), '--out', at(out), '--seeds', '1', '2', '--limit', '3', '--json'],
    ...['--max-new-tokens', '6', '--loss', 'mse', '--positions', 'last', '--lr', '0.01', '--epochs', '2', ...more],
  ]; // prettier-ignore

/** But for when and by which command it was begun. */
function resultsOf(out: string): Omit<RepetitionResults, 'origin'> {
  const { origin: _, ...results } = JSON.parse(
    readFileSync(join(at(out), 'results.json'), 'utf8'),
  ) as RepetitionResults;
  return results;
}

t.test('the whole experiment, and what is refused', (t) => {
  const [whole, again, other, nobody] = soo(
    call('whole', '--workers', '1'),
    call('whole', '--workers', '1'),
    call('whole', '--workers', '1', '--limit', '2'),
    call('nobody', '--pairs', at('nobody.json'), '--workers', '1'),
  );
  t.equal(whole.code, 0, whole.stderr);
  const results = resultsOf('whole');
  t.same(
    results.measured.map(({ id }) => id),
    ['baseline', ...[1, 2].flatMap((seed) => ['overlap', 'name', 'wording', 'sham'].map((arm) => `${arm}-${seed}`))],
  );
  t.same(
    results.rows.map(({ arm, seeds }) => [arm, seeds]),
    [['baseline', []], ...['overlap', 'name', 'wording', 'sham'].map((arm) => [arm, [1, 2]])],
  );
  for (const { id, scenarios, self, questions, training } of results.measured) {
    for (const answers of [scenarios['cheap-first'], scenarios['precious-first'], self]) {
      const counted = Object.values(answers?.labels ?? {}).reduce((sum, count) => sum + count, 0);
      t.same([answers?.n, counted], [3, 3], `${id}: every answer has one label`);
    }
    t.same([questions.perspective.n, questions.self.n], [3, 3], id);
    t.equal(training?.steps, id === 'baseline' ? undefined : 1, `${id}: every arm takes the same steps`);
  }
  const lines = readFileSync(join(at('whole'), 'overlap-1', 'answers.jsonl'), 'utf8')
    .trim()
    .split('\n');
  t.equal(lines.length, 9, 'every raw answer is kept');
  const page = readFileSync(join(at('whole'), 'report.html'), 'utf8');
  t.ok(page.includes(results.verdict.text.slice(0, 20)), 'the report says what the results do');
  t.match(page, /control: another name/);
  t.ok(existsSync(join(at('whole'), 'charts', 'behaviour.png')));
  t.equal(again.code, 0, again.stderr);
  t.same(resultsOf('whole'), results, 'what is there is not done again');
  t.equal(other.code, 2);
  t.match(other.stderr, /whole: was begun with limit 3, but now it is 2; choose another folder/);
  t.equal(nobody.code, 2);
  t.match(nobody.stderr, /the name control wants a name/);
  t.end();
});

t.test('killed at any moment and started again, by workers, it ends with the same results', async (t) => {
  let killed = 0;
  for (const milliseconds of [2500, 4000, 5500, 7000]) {
    const child = startSoo(...call('killed', '--workers', '2'));
    const ended = once(child, 'exit');
    await Promise.race([ended, wait(milliseconds)]);
    if (child.exitCode === null) killed++;
    child.kill('SIGKILL');
    await ended;
  }
  const [last] = soo(call('killed', '--workers', '2'));
  t.equal(last.code, 0, last.stderr);
  t.same(resultsOf('killed'), resultsOf('whole'), `after ${killed} kills`);
  t.notOk(
    readdirSync(at('killed')).some((name) => name.includes('.tmp')),
    'nothing half-written stays',
  );
  t.ok(existsSync(join(at('killed'), 'sham-2', 'adapter_model.safetensors')));
});

t.test('a folder with results of something else is left alone', (t) => {
  const out = t.testdir({ 'results.json': '{}' });
  const [refused] = soo([...call('x'), '--out', out]);
  t.equal(refused.code, 2);
  t.match(refused.stderr, /holds results.json, but no repeat.json: choose another folder/);
  t.equal(readFileSync(join(out, 'results.json'), 'utf8'), '{}');
  t.end();
});
