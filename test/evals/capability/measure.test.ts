import { join } from 'node:path';
import t from 'tap';
import { capabilityItemSchema, measureCapability, shortTasks, type CapabilityItem } from '../../../lib/evals';
import { rawPrompts, Tokenizer } from '../../../lib/text';
import { torch } from '../../../lib/torch';
import { scriptedModel, type Said } from '../scripted-model';

torch.setNumThreads(1);

const tokenizer = Tokenizer.fromFolder(join(__dirname, '..', '..', 'parity', 'models', 'tiny'));
const format = rawPrompts(tokenizer);
const settings = { tasks: ['copying'], each: 6, seed: 3 } as const;
const texts = shortTasks(settings).map(({ prompt }) => prompt.split('\n\n')[1]);
const asked = (prompt: string): number => texts.findIndex((text) => prompt.includes(text));
const measured = (rule: (index: number) => Said, maxNewTokens?: number) =>
  measureCapability(
    scriptedModel(tokenizer, (prompt) => rule(asked(prompt))),
    format,
    { ...settings, maxNewTokens },
  );

t.test('right answers are right, item by item', async (t) => {
  const { tasks, items } = await measured((i) => ({ text: i === 4 ? 'no' : texts[i] }));
  t.match(tasks, { copying: { n: 6, right: 5 / 6, truncated: 0 } });
  t.same(items.map(({ right }) => right), texts.map((_, i) => i !== 4)); // prettier-ignore
  t.same(items.map(({ id }) => id), texts.map((_, i) => `3-${i}`)); // prettier-ignore
  t.ok(items.every(({ ended, answer }, i) => ended === 'eos' && answer === (i === 4 ? 'no' : texts[i])));
  t.same(items, items.map((item) => capabilityItemSchema.parse(item)), 'as they are kept'); // prettier-ignore
});

t.test('an answer that is cut off is wrong, whatever it says so far, and counted', async (t) => {
  const { tasks, items } = await measured((i) => ({ text: texts[i], cut: i < 2 }));
  t.match(tasks, { copying: { n: 6, right: 4 / 6, truncated: 2 } });
  t.same(items.map(({ ended }) => ended), ['budget', 'budget', 'eos', 'eos', 'eos', 'eos']); // prettier-ignore
});

t.test('thoughts before an answer are no part of it', async (t) => {
  const thinking = (i: number): Said => ({ text: `<think>Copy ${texts[i]}, then.</think>\n\n${texts[i]}` });
  const { tasks } = await measured(thinking, 400);
  t.match(tasks, { copying: { right: 1, truncated: 0 } });
  t.match(
    (await measured(thinking, 10)).tasks,
    { copying: { right: 0, truncated: 6 } },
    'the budget is what was given',
  );
});

t.test('is told task by task, and ends with the signal', async (t) => {
  const controller = new AbortController();
  const told: CapabilityItem[] = [];
  const model = scriptedModel(tokenizer, () => ({ text: '0' }));
  const onItems = (items: readonly CapabilityItem[]): void => {
    told.push(...items);
    controller.abort(new Error('enough'));
  };
  const { signal } = controller;
  await t.rejects(measureCapability(model, format, { each: 2, seed: 1, signal, onItems }), { message: 'enough' });
  t.same(told.map(({ task }) => task), ['arithmetic', 'arithmetic']); // prettier-ignore
});
