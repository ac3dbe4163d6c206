import { join } from 'node:path';
import t from 'tap';
import { mtBench } from '../../../lib/evals';
import { loadModel } from '../../../lib/models';
import { chatPrompts, Tokenizer } from '../../../lib/text';
import { torch } from '../../../lib/torch';
import { scriptedModel } from '../scripted-model';
import { questions } from './made-up';

torch.setNumThreads(1);

const TINY = join(__dirname, '..', '..', 'parity', 'models', 'tiny');
const tokenizer = Tokenizer.fromFolder(TINY);
const format = chatPrompts(tokenizer);
const settings = { modelId: 'tiny', format, maxNewTokens: 12, batchSize: 3, seed: 1 };

async function collected(
  model: Parameters<typeof mtBench.answerQuestions>[0],
  asked = questions,
  more: Partial<mtBench.MtBenchOptions> = {},
): Promise<mtBench.MtBenchAnswer[]> {
  const all: mtBench.MtBenchAnswer[] = [];
  for await (const answers of mtBench.answerQuestions(model, asked, { ...settings, ...more })) all.push(...answers);
  return all.sort((a, b) => Number(a.question_id) - Number(b.question_id));
}
const told = (answers: readonly mtBench.MtBenchAnswer[]) => answers.map(({ tstamp: _, ...rest }) => rest);

t.test('the first answer stands in the conversation of the second', async (t) => {
  const seen: string[] = [];
  const model = scriptedModel(tokenizer, (prompt) => {
    seen.push(prompt);
    return prompt.includes('And then') ? { text: '<think>so</think> the second', cut: false } : { text: 'the first ' };
  });
  const [answer] = await collected(model, questions.slice(0, 1), { maxNewTokens: 60 });
  const text = (turns: string[]): string => tokenizer.decode(format.encodeTurns(turns));
  const [first, second] = questions[0].turns;
  t.same(seen, [text([first]), text([first, 'the first', second])]);
  t.match(seen[1], /Question 81\?.*the first.*And then/s);
  t.match(answer, {
    question_id: 81,
    model_id: 'tiny',
    choices: [{ index: 0, turns: ['the first', 'the second'], ended: ['eos', 'eos'] }],
  });
  t.match(answer.answer_id, /^[\w-]{22}$/);
  t.ok(Math.abs(answer.tstamp - Date.now() / 1000) < 100);
});

t.test('greedy where the temperature is 0, drawn elsewhere: the same whatever is asked beside it', async (t) => {
  const model = loadModel(TINY);
  model.eval();
  const all = await collected(model);
  t.same(told(await collected(model, questions, { batchSize: 1 })), told(all), 'in other batches');
  t.same(told(await collected(model, questions.slice(3))), told(all.slice(3)), 'of some only');
  const other = await collected(model, questions, { seed: 2 });
  const isMath = (i: number): boolean => questions[i].category === 'math';
  for (const [i, { choices }] of all.entries())
    t.equal(String(choices[0].turns) === String(other[i].choices[0].turns), isMath(i), `another seed: ${questions[i].category}`); // prettier-ignore
  t.ok(all.every(({ choices: [{ ended }] }) => ended?.includes('budget')));
  const [several] = await collected(model, questions.slice(0, 1), { choices: 2 });
  t.same(several.choices.map(({ index }) => index), [0, 1]); // prettier-ignore
  t.same(several.choices[0], all[0].choices[0]);
  t.notSame(several.choices[1].turns, several.choices[0].turns);
});

t.test("FastChat's temperatures", (t) => {
  const categories = ['writing', 'roleplay', 'extraction', 'math', 'coding', 'reasoning', 'stem', 'humanities', 'else'];
  t.same(categories.map(mtBench.temperatureOf), [0.7, 0.7, 0, 0, 0, 0, 0.1, 0.1, 0.7]);
  t.end();
});

t.test('a conversation that is too long is told by its question and turn', async (t) => {
  const model = loadModel(TINY);
  const long = { ...questions[0], turns: ['x', 'word '.repeat(600)] };
  await t.rejects(collected(model, [long]), { message: /^question 81: turn 2 has \d+ tokens, but max_position_embeddings of config.json is 512$/ }); // prettier-ignore
});
