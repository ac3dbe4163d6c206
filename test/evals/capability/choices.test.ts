import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { capabilityRates, choiceLikelihoods, measureCapability, readChoiceQuestions } from '../../../lib/evals';
import { loadModel, rawFormat } from '../../../lib/models';
import { chatPrompts, Tokenizer } from '../../../lib/text';
import { torch } from '../../../lib/torch';
import { expected, largestDifference } from '../../parity/expected';

torch.setNumThreads(1);

interface Made {
  plain: { id: string; question: string; choices: string[]; answer: number };
  sample: object;
  likelihoods: number[];
  acc: boolean;
  acc_bytes: boolean;
}

const TINY = join(__dirname, '..', '..', 'parity', 'models', 'tiny');
const made = expected<Made[]>('choices');
const dir = t.testdir({});
const lines = (name: string, values: readonly unknown[]): string => {
  const path = join(dir, name);
  writeFileSync(path, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  return path;
};
const plain = readChoiceQuestions(lines('plain.jsonl', made.map((one) => one.plain))); // prettier-ignore
const samples = readChoiceQuestions(lines('samples.jsonl', made.map((one) => one.sample))); // prettier-ignore

t.test('log-likelihoods, acc and acc_bytes are those of transformers', async (t) => {
  const model = loadModel(TINY);
  model.eval();
  const format = rawFormat(model);
  for (const [i, { likelihoods }] of made.entries()) {
    const distance = largestDifference(choiceLikelihoods(model, format, plain[i]), likelihoods);
    t.ok(distance < 1e-4, `question ${i}: ${distance}`);
    t.same(choiceLikelihoods(model, format, samples[i]), choiceLikelihoods(model, format, plain[i]));
  }
  const { tasks, items } = await measureCapability(model, format, { each: 0, seed: 1, choices: { plain, samples } });
  t.same(items.slice(0, made.length).map(({ right }) => right), made.map(({ acc }) => acc)); // prettier-ignore
  t.same(items.slice(made.length).map(({ rightByBytes }) => rightByBytes), made.map(({ acc_bytes }) => acc_bytes)); // prettier-ignore
  t.same(items.map(({ id }) => id), [...made.map((_, i) => `q${i}`), ...made.map((_, i) => String(i))]); // prettier-ignore
  const share = (values: readonly boolean[]): number => values.filter(Boolean).length / values.length;
  t.match(tasks, { plain: { n: made.length, right: share(made.map(({ acc }) => acc)), truncated: 0 } });
  t.equal(tasks.samples.rightByBytes, share(made.map((one) => one.acc_bytes)));
  t.same(capabilityRates(items), tasks);
});

t.test('in a chat template the choices are answers', (t) => {
  const model = loadModel(TINY);
  model.eval();
  const format = chatPrompts(Tokenizer.fromFolder(TINY));
  const [question] = plain;
  const chat = choiceLikelihoods(model, format, question);
  const alone = question.continuations.map((one) => {
    const [before, whole] = [format.encode(question.context), format.encode(question.context, one.trim())];
    const ids = torch.tensor([whole.slice(0, -1)], { dtype: 'int64' });
    const scores = torch.noGrad(() => model.call(ids).select(0, 0).logSoftmax(-1).toArray()) as number[][];
    const parts = whole.findIndex((id, i) => id !== before[i]);
    return whole.slice(parts).reduce((sum, id, i) => sum + scores[parts - 1 + i][id], 0);
  });
  t.ok(largestDifference(chat, alone) < 1e-4);
  t.end();
});

t.test('answers by place, letter and text; several right ones', (t) => {
  const read = (line: object): number[] => readChoiceQuestions(lines('one.jsonl', [line]))[0].gold;
  const choices = ['red', 'blue', 'A'];
  t.same(read({ query: 'x', choices, gold: 1 }), [1]);
  t.same(read({ query: 'x', choices, answer: 'B' }), [1]);
  t.same(read({ query: 'x', choices, answer: 'blue' }), [1]);
  t.same(read({ query: 'x', choices, answer: 'A' }), [2], 'a text before a letter');
  const pairs = [['x', ' red'], ['x', ' blue']]; // prettier-ignore
  t.same(read({ arguments: pairs, target: [0, '1'] }), [0, 1]);
  t.end();
});

const wrong: [line: object | string, message: RegExp][] = [
  [{ choices: ['a', 'b'], answer: 0 }, /^wrong.jsonl: line 1: has neither question nor query$/],
  [{ question: 'x', choices: ['a', 'b'] }, /^wrong.jsonl: line 1: has neither answer nor gold$/],
  [{ question: 'x', choices: ['a'], answer: 0 }, /^wrong.jsonl: line 1: choices /],
  [{ question: 'x', choices: ['a', 'b'], answer: 2 }, /^wrong.jsonl: line 1: the answer 2 is none of the 2 choices$/],
  [{ question: 'x', choices: ['a', 'b'], answer: 'c' }, /the answer "c" is none of the 2 choices$/],
  [{ arguments: [['x', ' a'], ['y', ' b']], target: 0 }, /wanted the same context for two or more choices, got 2 contexts for 2$/],
  ['{', /^wrong.jsonl: line 1: is not JSON/],
  ['', /^wrong.jsonl: holds no questions$/],
]; // prettier-ignore
t.test('files that are none are refused in one line', (t) => {
  for (const [line, message] of wrong) {
    const path = lines('wrong.jsonl', typeof line === 'string' ? [] : [line]);
    if (typeof line === 'string') writeFileSync(path, line);
    t.throws(() => readChoiceQuestions(path), { message });
  }
  const twice = { id: 1, question: 'x', choices: ['a', 'b'], answer: 0 };
  t.throws(() => readChoiceQuestions(lines('twice.jsonl', [twice, twice])), {
    message: 'twice.jsonl: has two questions of the id "1"',
  });
  t.end();
});
