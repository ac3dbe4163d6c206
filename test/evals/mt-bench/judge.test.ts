import t from 'tap';
import { mtBench } from '../../../lib/evals';
import { answersOf, prompts, questions, references } from './made-up';
import { startStub, type Misbehaviour } from './stub-endpoint';

const { judgeAnswers, judgeTasks, ratingIn, tasksLeft } = mtBench;
t.setTimeout(60_000);

const material: mtBench.JudgeMaterial = {
  questions,
  answers: new Map(['a', 'b'].map((model) => [model, answersOf(model)])),
  references,
  prompts: new Map(prompts.map((one) => [one.name, one])),
};
const tasks = judgeTasks(material);
/** A rating that the prompt decides. */
const rating = (prompt: string): number => 1 + (prompt.length % 10);
const say = (prompt: string): string => `Fine.\nRating: [[${rating(prompt)}]]`;
const quick = { timeoutSeconds: 1.5, firstWaitSeconds: 0.01, retries: 4 };

t.test('a full run: prompts with the answers, and with references where a category needs them', (t) => {
  t.equal(tasks.length, 2 * 2 * questions.length);
  const prompt = (id: number, model: string, turn: number): string | undefined =>
    tasks.find((one) => one.question.question_id === id && one.model === model && one.turn === turn)?.userPrompt;
  t.equal(prompt(81, 'a', 1), 'Q: Question 81?\nA: a first 81');
  t.equal(prompt(82, 'b', 1), 'Q: Question 82?\nR: reference first 82\nA: b first 82');
  t.equal(
    prompt(81, 'b', 2),
    'Question 81?|b first 81|And then, {answer} 81?|b second 81',
    'braces of a text stay as they are',
  );
  t.match(prompt(82, 'a', 2), 'Question 82?|reference first 82|And then, {answer} 82?|reference second 82|');
  t.throws(() => judgeTasks({ ...material, references: new Map() }), { message: 'question 82: the references hold no answer to turn 1' }); // prettier-ignore
  const few = new Map([['a', new Map([...answersOf('a')].slice(0, 5))]]);
  t.throws(() => judgeTasks({ ...material, answers: few }), { message: 'question 86: a has no answer to turn 1' });
  t.throws(() => judgeTasks({ ...material, prompts: new Map() }), { message: 'judge prompts: hold no single-v1' });
  t.end();
});

t.test('ratings by the two patterns', (t) => {
  const ratings: [string, number][] = [
    ['Rating: [[5]]', 5],
    ['[[8.5]]', 8.5],
    ['[[10.]]', 10],
    ['First [3], then [[7]]', 7],
    ['[3] and [4]', 3],
    ['I rate it 7/10', -1],
    ['[[seven]]', -1],
    ['[[ 5 ]]', -1],
    ['[[-5]]', -1],
    ['', -1],
  ];
  for (const [text, wanted] of ratings) t.equal(ratingIn(text), wanted, text);
  t.end();
});

const limit: Misbehaviour = { status: 429, headers: { 'retry-after': '0.02' } };
const everything: Misbehaviour[] = [
  'hangs', 'resets', 'html', 'cut', 'stalls', 'no choices', 'empty', limit, { status: 500 }, { status: 503, headers: { 'retry-after': '0' } }, { status: 408 }, { status: 409 },
]; // prettier-ignore

t.test('whatever goes wrong, no judgment is lost and none is asked for again', async (t) => {
  // Each second request goes wrong, each time in another way.
  await using stub = await startStub((nth) => (nth % 2 === 1 ? everything[((nth - 1) / 2) % everything.length] : undefined), say); // prettier-ignore
  const kept: mtBench.MtBenchJudgment[] = [];
  const told: string[] = [];
  const endpoint = new mtBench.Endpoint({ ...quick, retries: 9, baseUrl: stub.url, onRetry: (why) => told.push(why) });
  const options = {
    endpoint,
    judge: 'gpt-4',
    parallel: 3,
    keep: (one: mtBench.MtBenchJudgment) => void kept.push(one),
  };
  t.same(await judgeAnswers(tasks, options), []);
  t.equal(kept.length, tasks.length);
  t.equal(new Set(kept.map(mtBench.judgmentKey)).size, tasks.length);
  for (const { user_prompt, score, judgment } of kept) {
    t.equal(score, rating(user_prompt));
    t.equal(judgment, say(user_prompt));
  }
  t.equal(stub.asked.length, tasks.length + told.length, 'each request beyond one was told');
  t.match(told.join('; '), /no answer within 1.5 s.*malformed|malformed.*no answer within 1.5 s/);
  t.match(kept[0].usage, { prompt_tokens: 100, completion_tokens: 10 });
  t.ok(stub.most <= 3, `${stub.most} at once`);
  t.same(tasksLeft(tasks, 'gpt-4', kept), []);
});

t.test('a limit that one request meets is waited for by all', async (t) => {
  await using stub = await startStub((nth) => (nth === 0 ? { status: 429, headers: { 'retry-after': '1' } } : undefined), say); // prettier-ignore
  const endpoint = new mtBench.Endpoint({ ...quick, baseUrl: stub.url });
  const complete = (): Promise<unknown> =>
    endpoint.complete({ model: 'm', messages: [{ role: 'system', content: '' }, { role: 'user', content: 'x' }] }); // prettier-ignore
  const first = complete();
  while (stub.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await Promise.all([first, complete()]);
  t.ok(
    stub.asked.slice(1).every(({ at }) => at - stub.asked[0].at >= 990),
    'nobody asks before the second is over',
  );
});

t.test('what gets no judgment leaves no line, and the next run asks for it alone', async (t) => {
  const isRefused = (prompt: string): boolean => prompt.includes('first 83');
  const first: mtBench.MtBenchJudgment[] = [];
  {
    await using stub = await startStub((_, prompt) => (isRefused(prompt) ? { status: 400 } : undefined), say);
    const endpoint = new mtBench.Endpoint({ ...quick, baseUrl: stub.url });
    const failed = await judgeAnswers(tasks, {
      endpoint,
      judge: 'j',
      parallel: 1,
      keep: (one) => void first.push(one),
    });
    t.equal(failed.length, 4, 'both turns of both models');
    t.ok(failed.every(({ task, why }) => isRefused(task.userPrompt) && why === '400 stub 400'));
    t.equal(stub.asked.length, tasks.length, 'what is refused is not asked again');
  }
  await using stub = await startStub(() => undefined, say);
  const endpoint = new mtBench.Endpoint({ ...quick, baseUrl: stub.url });
  const left = tasksLeft(tasks, 'j', first);
  t.same(await judgeAnswers(left, { endpoint, judge: 'j', parallel: 2, keep: (one) => void first.push(one) }), []);
  t.equal(stub.asked.length, 4);
  t.equal(first.length, tasks.length);
  t.same(tasksLeft(tasks, 'other', first).length, tasks.length, 'of another judge there is none');
});

t.test('an endpoint that answers nobody is given up', async (t) => {
  const keep = (): void => void t.fail('nothing was judged');
  for (const wrong of [{ status: 401 }, { status: 404 }, { status: 429, code: 'insufficient_quota' }]) {
    await using stub = await startStub(() => wrong, say);
    const endpoint = new mtBench.Endpoint({ ...quick, baseUrl: stub.url });
    await t.rejects(judgeAnswers(tasks, { endpoint, judge: 'j', parallel: 2, keep }), { name: 'NoAccess' });
    t.ok(stub.asked.length <= 2);
  }
  await using stub = await startStub(() => 'resets', say);
  const endpoint = new mtBench.Endpoint({ ...quick, retries: 1, baseUrl: stub.url });
  const failed = await judgeAnswers(tasks, { endpoint, judge: 'j', parallel: 1, keep });
  t.equal(failed.length, tasks.length);
  t.equal(stub.asked.length, 3 * 2, 'three in a row, each asked twice');
  t.equal(failed[5].why, 'was not asked, as the ones before got no answer');
});

t.test('ends with the signal, and keeps what was judged by then', async (t) => {
  const controller = new AbortController();
  const { signal } = controller;
  await using stub = await startStub((nth) => (nth >= 5 ? 'hangs' : undefined), say);
  const endpoint = new mtBench.Endpoint({ ...quick, timeoutSeconds: 60, baseUrl: stub.url, signal });
  const kept: mtBench.MtBenchJudgment[] = [];
  const work = judgeAnswers(tasks, { endpoint, judge: 'j', parallel: 2, keep: (one) => void kept.push(one) });
  while (stub.asked.length < 7) await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort(new Error('enough'));
  await t.rejects(work, { message: 'enough' });
  t.equal(kept.length, 5);
  t.equal(tasksLeft(tasks, 'j', kept).length, tasks.length - 5);
});

t.test('a judgment of another answer is not taken for this one', (t) => {
  const [{ question, model, turn, prompt }] = tasks;
  const { question_id } = question;
  const other = { question_id, model, turn, judge: ['j', prompt.name], user_prompt: 'else' } as unknown as mtBench.MtBenchJudgment; // prettier-ignore
  t.throws(() => tasksLeft(tasks, 'j', [other]), {
    message: /^question 81, turn 1: another answer of a was judged before/,
  });
  t.end();
});
