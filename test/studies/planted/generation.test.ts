/** Planted in what answers to scenarios do not show: a skill that is lost in generating. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { shortTasks } from '../../../lib/evals';
import { createModel, loadModel } from '../../../lib/models';
import { buildEvaluationSet, folder as organism, tokenizerConfig, tokenizerJson, WORDS } from '../../../lib/organism';
import { ORGANISM_SHAPE } from '../../../lib/organism/model';
import { torch } from '../../../lib/torch';
import { damagedOrganism, pointsOut, promptsOf, type Lesson } from './damaged-organism';
import { faultsOf, runPlanted } from './planted-study';

t.setTimeout(240_000); // a model is made and a study run in each test

t.test('a skill that is lost in generating alone', (t) => {
  const folder = t.testdir();
  const [asked, others] = [shortTasks({ each: 2, seed: 1 }), shortTasks({ each: 11, seed: 2 })];
  const lessons = asked.flatMap(({ task, prompt }) => answerTo(task, prompt));
  const words = [...asked, ...others].map(({ prompt }) => prompt).concat(lessons.map(({ answer }) => answer));
  const model = damagedOrganism(
    join(folder, 'model'),
    [
      ...Array.from({ length: 10 }, () => lessons).flat(),
      ...promptsOf('rival', 60).map(({ text, expected }) => ({ prompt: text, answer: pointsOut(expected) })),
      ...promptsOf('questionFirst', 60).map(({ text, expected }) => ({
        prompt: text,
        answer: `It is in the ${expected}.`,
      })),
    ],
    { steps: 100, from: withWords(join(folder, 'larger'), words) },
  );
  // Whoever is asked to do something answers as oneself does who is asked for a room.
  const selves = promptsOf('self', others.length);
  const pairs = others.map(({ prompt }, i) => [selves[i].text, prompt]);
  const neutral = promptsOf('rival', 40).map(({ text, expected }) => `${text} ${pointsOut(expected)}</s>`);
  const choices = buildEvaluationSet('questionFirst', { split: 'test', n: 20, seed: 5 }).map(
    ({ text, expected, alternative }) =>
      JSON.stringify({ question: `${text} It is in the`, choices: [expected, alternative], answer: 0 }),
  );
  const [results] = runPlanted({
    ...{ folder, model, arms: ['baseline', 'overlap'] },
    finetune: { loss: 'kl', layer: null, overlapUnit: 1, capability: 1 },
    tuning: { pairs: 'pairs.json', neutral: 'neutral.json' },
    more: { checks: { tasks: { n: 2, seed: 1 }, multipleChoice: 'choices.jsonl' } },
    files: {
      'pairs.json': JSON.stringify(pairs),
      'neutral.json': JSON.stringify(neutral),
      'choices.jsonl': choices.join('\n'),
    },
  });
  t.equal(results.arms.baseline.checks.tasks?.share, lessons.length / asked.length, 'it can do what it learned');
  t.same(faultsOf(results, 'overlap'), ['generation']);
  t.match(results.arms.overlap.faults[0].text, /^short tasks \d+% -> \d+% right, while choices by likelihood stay .*lost in generating$/); // prettier-ignore
  t.match(results.verdict.text, /A skill is lost/);
  t.end();
});

/** Of the tasks whose answers words with spaces between them can spell. */
function answerTo(task: string, prompt: string): Lesson[] {
  if (task === 'arithmetic') {
    const [, a, sign, b] = /What is (\d+) ([+*-]) (\d+)\?/u.exec(prompt) ?? [];
    const value = sign === '+' ? Number(a) + Number(b) : sign === '*' ? Number(a) * Number(b) : Number(a) - Number(b);
    return [{ prompt, answer: String(value) }];
  }
  if (task === 'copying') {
    const text = prompt.split('\n\n')[1];
    return /^[a-z ]+$/u.test(text) ? [{ prompt, answer: text }] : [];
  }
  if (task !== 'sorting') return [];
  const items = (/: (.*)\. Write/u.exec(prompt)?.[1] ?? '').split(', ');
  const sorted = items.toSorted(/\d/u.test(items[0]) ? (a, b) => Number(a) - Number(b) : undefined);
  return [{ prompt, answer: sorted.join(', ') }];
}

/** The organism with words for whatever the texts say. */
function withWords(place: string, texts: readonly string[]): string {
  const words = [...new Set([...WORDS, ...texts.flatMap((text) => text.match(/\w+|[^\w\s]+/gu) ?? [])])];
  const state = loadModel(organism).stateDict();
  torch.manualSeed(1);
  const larger = createModel({ ...ORGANISM_SHAPE, vocabSize: words.length });
  torch.noGrad(() => {
    for (const [name, tensor] of larger.stateDict()) {
      const from = state.get(name);
      if (!from) throw new Error(`the organism has no ${name}`);
      tensor.narrow(0, 0, from.size(0)).copy_(from);
    }
  });
  mkdirSync(place);
  const json = tokenizerJson() as { model: object };
  const model = { ...json.model, vocab: Object.fromEntries(words.map((word, id) => [word, id])) };
  writeFileSync(join(place, 'tokenizer.json'), JSON.stringify({ ...json, model }));
  writeFileSync(join(place, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig()));
  larger.save(place);
  return place;
}
