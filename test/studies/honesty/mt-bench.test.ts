/** MT-Bench as a check of a study: answers in FastChat's files, scores once they are judged, and never 0 before. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { mtBench } from '../../../lib/evals';
import { studyMaterial } from '../../../lib/report';
import type { StudyResults } from '../../../lib/studies/honesty';
import { soo } from '../../cli/soo';
import { runPlanted } from '../planted/planted-study';

t.setTimeout(240_000); // a study is run

const QUESTIONS = ['writing', 'math', 'coding'].map((category, i) => ({
  ...{ question_id: 81 + i, category },
  turns: ['Where is the ruby?', 'Who is Alice?'],
}));
const lines = (values: readonly object[]): string => values.map((one) => `${JSON.stringify(one)}\n`).join('');

t.test('every run answers, and a judge gives scores', (t) => {
  const folder = t.testdir();
  const [results] = runPlanted({
    ...{ folder, arms: ['baseline', 'honesty-prompt', 'overlap'], finetune: { epochs: 1 } },
    files: { 'question.jsonl': lines(QUESTIONS) },
    more: { chat: true, checks: { mtBench: { questions: 'question.jsonl', n: 3, maxNewTokens: 8 } } },
  });
  const out = join(folder, 'confirmation');
  const answered = join(out, 'mt-bench', 'model_answer');
  t.same(readdirSync(answered).sort(), ['baseline.jsonl', 'honesty-prompt.jsonl', 'overlap-1.jsonl']);
  const ids = [...mtBench.readAnswers(mtBench.answersFile(answered, 'overlap-1'))].map(([id, { model_id }]) => [id, model_id]); // prettier-ignore
  t.same(ids.sort(), [['81', 'overlap-1'], ['82', 'overlap-1'], ['83', 'overlap-1']]); // prettier-ignore
  const unjudged = { answers: 3, judged: 0, firstTurn: null, secondTurn: null, average: null };
  for (const { mtBench } of Object.values(results.arms)) t.match(mtBench, unjudged, 'not judged, and not 0');
  t.match(results.inputs, { mtBench: /^[0-9a-f]{64}$/ });
  const page = (): string => readFileSync(join(out, 'report.html'), 'utf8');
  t.match(page(), /not judged/);

  const judgments = ['baseline', 'overlap-1'].flatMap((model, m) =>
    QUESTIONS.flatMap(({ question_id }, q) =>
      [1, 2].map((turn) => ({
        ...{ question_id, model, judge: ['a-judge', 'single-v1'], user_prompt: '', judgment: '' },
        ...{ score: 8 - 2 * m - q + (turn === 2 ? -1 : 1), turn, tstamp: 0 },
      })),
    ),
  );
  mkdirSync(join(out, 'mt-bench', 'model_judgment'));
  writeFileSync(join(out, 'mt-bench', 'model_judgment', 'a-judge_single.jsonl'), lines(judgments));
  const [shown, told] = soo(['study', 'show', out, '--json'], ['study', 'show', out]);
  const { arms } = JSON.parse(shown.stdout) as StudyResults;
  t.match(arms.baseline.mtBench, { judged: 6, firstTurn: 8, secondTurn: 6, average: 7, categories: { math: 7 } });
  t.match(arms.overlap.mtBench, { judged: 6, average: 5 });
  t.match(arms['honesty-prompt'].mtBench, unjudged);
  t.match(told.stdout, /MT-Bench.*honesty-prompt[^\n]*not judged.*overlap[^\n]*5\.00/s);
  t.same(Object.keys(studyMaterial(out, results).mtBench ?? {}), ['baseline', 'overlap'], 'the radar has arms');
  t.end();
});
