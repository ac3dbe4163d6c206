import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { mtBench } from '../../lib/evals';
import { prompts, questions, references } from '../evals/mt-bench/made-up';
import { startStub, type StubEndpoint } from '../evals/mt-bench/stub-endpoint';
import { soo, startSoo, type Outcome } from './soo';

t.setTimeout(120_000);

const TINY = join(__dirname, '..', 'parity', 'models', 'tiny');
const lines = (values: Iterable<object>): string => [...values].map((value) => `${JSON.stringify(value)}\n`).join('');
const dir = t.testdir({
  'question.jsonl': lines(questions),
  'references.jsonl': lines(references.values()),
  'judge_prompts.jsonl': lines(prompts),
});
const at = (...names: string[]): string => join(dir, ...names);
const read = <T>(path: string): T[] => readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as T); // prettier-ignore
const answer = (...more: string[]): string[] =>
  ['mtbench', 'answer', '--model', TINY, '--questions', at('question.jsonl'), '--out', at('bench'), '--model-id', 'tiny', '--max-new-tokens', '6', '--batch', '2', '--threads', '1', '--json', ...more]; // prettier-ignore
const judge = (url: string, ...more: string[]): string[] =>
  ['mtbench', 'judge', '--answers', at('bench'), '--questions', at('question.jsonl'), '--references', at('references.jsonl'), '--judge-prompts', at('judge_prompts.jsonl'), '--judge', 'org/gpt', '--base-url', url, '--parallel', '2', '--timeout', '20', ...more]; // prettier-ignore

const file = at('bench', 'model_answer', 'tiny.jsonl');
const [few, all, again, seeded] = soo(answer('--first-n', '3'), answer(), answer(), answer('--seed', '3'));

t.test('answers are kept, and none is asked for again', (t) => {
  const json = ({ stdout }: Outcome) => JSON.parse(stdout) as { modelId: string; questions: number; resumed: number; truncated: number }; // prettier-ignore
  t.equal(few.code, 0, few.stderr);
  t.match(json(few), { modelId: 'tiny', questions: 3, resumed: 0 });
  t.match(json(all), { questions: 6, resumed: 3 });
  t.match(json(again), { questions: 6, resumed: 6, truncated: json(all).truncated });
  const answers = read<mtBench.MtBenchAnswer>(file);
  t.same(answers.map(({ question_id }) => question_id).sort(), questions.map(({ question_id }) => question_id)); // prettier-ignore
  t.ok(answers.every(({ choices: [{ turns }] }) => turns.length === 2));
  t.equal(seeded.code, 2);
  t.match(seeded.stderr, /tiny.jsonl: was made by another model, adapter, chat template or settings/);
  t.end();
});

t.test('half a line is taken away, and answered again to the same', (t) => {
  const before = read<mtBench.MtBenchAnswer>(file);
  truncateSync(file, readFileSync(file).length - 20);
  const [ended] = soo(answer());
  t.match(JSON.parse(ended.stdout), { resumed: 5 });
  const untimed = (one: mtBench.MtBenchAnswer): object => ({ ...one, tstamp: 0 });
  t.same(read<mtBench.MtBenchAnswer>(file).map(untimed), before.map(untimed));
  t.end();
});

async function call(args: string[], whenStarted?: (kill: () => void) => void): Promise<Outcome> {
  const child = startSoo(...args);
  const caught = { stdout: '', stderr: '' };
  child.stdout?.on('data', (text: Buffer) => (caught.stdout += text.toString()));
  child.stderr?.on('data', (text: Buffer) => (caught.stderr += text.toString()));
  whenStarted?.(() => child.kill('SIGINT'));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code: code ?? -1, ...caught };
}

const judgments = at('bench', 'model_judgment', 'org-gpt_single.jsonl');
const say = (prompt: string): string => `Rating: [[${1 + (prompt.length % 10)}]]`;

t.test('Ctrl-C keeps the judgments that came, and the next run asks for the rest', async (t) => {
  const isReached = async (stub: StubEndpoint, count: number): Promise<void> => {
    while (stub.asked.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  {
    await using stub = await startStub((nth) => (nth >= 4 ? 'hangs' : undefined), say);
    const stopped = await call(judge(stub.url), (kill) => void isReached(stub, 6).then(kill));
    t.equal(stopped.code, 130, stopped.stderr);
    t.match(stopped.stderr, /interrupted by SIGINT: the judgments that came are in/);
    t.equal(read(judgments).length, 4);
  }
  appendFileSync(judgments, '{"question_id": 81, "mod');
  {
    await using stub = await startStub(
      (_, prompt) => (prompt.includes('Question 85?') ? { status: 400 } : undefined),
      say,
    );
    const { code, stdout } = await call(judge(stub.url, '--json', '--prompt-price', '30', '--completion-price', '60'));
    t.equal(code, 1, 'some did not come');
    const told = JSON.parse(stdout) as { judged: number; earlier: number; failed: object[]; tokens: object; cost: number }; // prettier-ignore
    t.match(told, { judged: 10, earlier: 4, failed: [{ question_id: 85 }, { question_id: 85 }] });
    t.match(told.tokens, { prompt: 1000, completion: 100 });
    t.ok(Math.abs(told.cost - (1000 * 30 + 100 * 60) / 1e6) < 1e-12);
    t.equal(stub.asked.length, 8, 'four were there');
  }
  await using stub = await startStub(() => undefined, say);
  const { code, stdout, stderr } = await call(judge(stub.url));
  t.equal(code, 0, stderr);
  t.equal(stub.asked.length, 2);
  t.match(stdout, /tiny .*12 │ +0 │/, 'all twelve have a rating');
  t.match(stdout, /1200 prompt tokens, 120 tokens of judgments$/m);
  const made = read<mtBench.MtBenchJudgment>(judgments);
  t.equal(made.length, 12);
  t.ok(made.every(({ user_prompt, score, judge: [name] }) => name === 'org/gpt' && score === 1 + (user_prompt.length % 10))); // prettier-ignore
});

t.test('show: of a folder or a file', (t) => {
  const show = (place: string): string[] => ['mtbench', 'show', place, '--questions', at('question.jsonl'), '--json'];
  writeFileSync(at('theirs.jsonl'), readFileSync(judgments, 'utf8').replaceAll('"model":"tiny"', '"model":"theirs"'));
  const [ours, theirs, none, text] = soo(show(at('bench')), show(at('theirs.jsonl')), show(dir), show(at('bench')).slice(0, -1)); // prettier-ignore
  const scores = ({ stdout }: Outcome) => (JSON.parse(stdout) as { scores: Record<string, mtBench.MtBenchScores> }).scores; // prettier-ignore
  const all = read<mtBench.MtBenchJudgment>(judgments).map(({ score }) => score);
  const { tiny } = scores(ours);
  t.ok(Math.abs((tiny.average ?? 0) - all.reduce((sum, one) => sum + one, 0) / 12) < 1e-12);
  t.same(scores(theirs), { theirs: tiny });
  t.match(none, { code: 2, stderr: /wanted one file model_judgment\/\*_single.jsonl, got none/ });
  for (const line of text.stdout.split('\n')) t.ok(line.length <= 80, line);
  t.match(text.stdout, /writing/);
  t.end();
});

t.test('what cannot be is refused in one line', (t) => {
  const url = 'http://localhost:1/v1';
  const missing = judge(url).map((arg) => (arg === at('references.jsonl') ? file : arg));
  writeFileSync(at('bench', 'model_answer', 'half.jsonl'), lines(read<object>(file).slice(0, 2)));
  const [noUrl, half, noFolder, badId] = soo(
    judge('nowhere'),
    judge(url),
    missing.map((arg) => (arg === at('bench') ? dir : arg)),
    [...answer(), '--model-id', 'a/b'],
  );
  t.match(noUrl, { code: 2, stderr: /--base-url: must be a URL such as/ });
  t.match(half, { code: 2, stderr: /^soo: question 8\d: half has no answer to turn 1\n$/ });
  t.match(noFolder, { code: 2, stderr: /holds no folder model_answer/ });
  t.match(badId, { code: 2, stderr: /--model-id: must be a name without slashes and spaces/ });
  t.end();
});
