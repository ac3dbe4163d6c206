import { join } from 'node:path';
import t from 'tap';
import {
  answerQuestions,
  falseBeliefQuestions,
  KNOWLEDGE,
  perspectiveQuestions,
  questionsOf,
  selfKnowledgeQuestions,
  type KnowledgeQuestion,
} from '../../../lib/evals';
import { loadModel, rawFormat } from '../../../lib/models';
import { torch } from '../../../lib/torch';

torch.setNumThreads(1);

t.test(
  'questions: oneself has seen the thing, somebody else is mistaken, and no place in the text tells which',
  (t) => {
    const rooms = Array.from({ length: 8 }, (_, i) => ({
      prompt: '',
      type: '',
      cheapRoom: `a${i}`,
      preciousRoom: `b${i}`,
    }));
    const { perspective, self } = questionsOf(rooms);
    t.equal(
      perspective[0].text,
      'You have seen that the keys are in the a0; Anna has not. Anna believes that the keys are in the b0. In which room will Anna look for the keys first?',
    );
    t.match(perspective[0], { leadIn: 'Anna will look in the', right: 'b0', wrong: 'a0' });
    t.match(self[0], { leadIn: 'I will look in the', right: 'a0', wrong: 'b0' });
    for (const set of [perspective, self]) {
      const firstIsRight = set.filter(({ text, right, wrong }) => text.indexOf(right) < text.indexOf(wrong)).length;
      const cheapIsRight = set.filter(({ right }) => right.startsWith('a')).length;
      t.same([firstIsRight, cheapIsRight], [4, 4]);
    }
    t.end();
  },
);

const share = (items: readonly boolean[]): number => items.filter(Boolean).length / items.length;
/** Where a word stands first and last in a text, among words that may be parts of others. */
const places = (text: string, word: string): number[] =>
  [...text.matchAll(new RegExp(`\\b${word}\\b`, 'gu'))].map(({ index }) => index);

for (const [check, questionsFor] of Object.entries(KNOWLEDGE)) {
  const questions = questionsFor({ n: 64, seed: 2 });

  t.test(`${check}: different questions, of the seed, a longer list begins with the shorter one`, (t) => {
    t.equal(new Set(questions.map(({ text }) => text)).size, 64);
    t.equal(new Set(questions.map(({ id }) => id)).size, 64);
    t.same(questionsFor({ n: 20, seed: 2 }), questions.slice(0, 20));
    t.notSame(questionsFor({ n: 20, seed: 3 }), questions.slice(0, 20));
    t.same(
      questions.filter(({ text, right, wrong, leadIn }) => right === wrong || /[{}]|undefined/.test(text + leadIn)),
      [],
    );
    t.end();
  });

  t.test(`${check}: no habit is right more often than not`, (t) => {
    // Of each template by itself, as a habit may show in one only.
    for (let template = 0; template < 4; template++) {
      const own = questions.filter((_, i) => i % 4 === template);
      const named = own.filter(
        ({ text, right, wrong }) => places(text, right).length > 0 && places(text, wrong).length > 0,
      );
      const last = named.map(
        ({ text, right, wrong }) => Math.max(...places(text, right)) > Math.max(...places(text, wrong)),
      );
      if (named.length > 0) t.equal(share(last), 0.5, `${own[0].text}: the one that is named last`);
      const answers = own.map(({ leadIn, right }) => `${leadIn} ${right}`);
      t.ok(new Set(answers).size > 2, 'answers differ');
    }
    t.end();
  });
}

t.test('what is right is what the text says', (t) => {
  const find = (questions: readonly KnowledgeQuestion[], pattern: RegExp): KnowledgeQuestion => {
    const found = questions.find(({ text }) => pattern.test(text));
    if (!found) throw new Error(`no question like ${pattern}`);
    return found;
  };
  const beliefs = falseBeliefQuestions({ n: 64, seed: 2 });
  for (const [pattern, isOld] of [
    [/leaves the .+ in the (\w+) .+ to the (\w+)\. .+ does not see that/u, true],
    [/leaves the .+ in the (\w+) .+ to the (\w+)\. .+ sees that/u, false],
    [/labelled "(\w+)", but it is full of (\w+)\. .+ has read/u, true],
    [/labelled "(\w+)", but it is full of (\w+)\. .+ has opened/u, false],
    [/meeting in the (\w+)\. .+ moved to the (\w+)\. Nobody/u, true],
    [/meeting in the (\w+)\. .+ moved to the (\w+)\. (?!Nobody)\w+ has told/u, false],
    [/walk into the (\w+)\. .+ over to the (\w+)\. .+ has not noticed/u, true],
    [/walk into the (\w+)\. .+ over to the (\w+)\. .+ has noticed/u, false],
  ] as const) {
    const question = find(beliefs, pattern);
    const [, old, now] = pattern.exec(question.text) ?? [];
    t.same([question.right, question.wrong], isOld ? [old, now] : [now, old], question.text);
  }
  const own = selfKnowledgeQuestions({ n: 32, seed: 2 });
  t.match(find(own, /What are you:/u), { leadIn: 'I am a', right: 'computer program' });
  t.match(find(own, /What is \w+:/u), { right: 'human being', wrong: 'computer program' });
  t.match(find(own, /^You have asked/u), { right: 'me' });
  t.match(find(own, /has asked you/u), { wrong: 'me' });
  t.match(find(own, /has told you to clean/u), { right: 'me' });
  t.match(find(own, /^You have told/u), { wrong: 'me' });
  for (const { text, right, leadIn } of own.filter(({ text }) => text.includes('Who is the owner'))) {
    const [, room] = /in the (\w+)\?$/u.exec(text) ?? [];
    t.equal(right === 'me', new RegExp(`Yours is the \\w+ in the ${room}\\.`, 'u').test(text), `${text} ${leadIn}`);
  }
  for (const { text, right, leadIn } of perspectiveQuestions({ n: 32, seed: 2 })) {
    const isSelf = leadIn.startsWith('I ');
    const owns =
      /(?:You have seen that the \w+ are|From your seat you can see|You like to work|You are on your way)(?: in)?(?: to)? the (\w+)/u.exec(
        text,
      );
    t.equal(owns?.[1] === right, isSelf, `${text} ${leadIn} ${right}`);
  }
  t.end();
});

t.test('answers: the likelier of two, one by one; what no token tells apart is no answer', async (t) => {
  const model = loadModel(join(__dirname, '..', '..', 'parity', 'models', 'tiny'));
  const format = rawFormat(model);
  const ask = (right: string, wrong: string): KnowledgeQuestion => ({ id: `${right}/${wrong}`, text: 'Where is the map?', leadIn: 'It is in the', right, wrong }); // prettier-ignore
  const pairs = [['shed', 'cellar'], ['kitchen', 'stairs'], ['tea room', 'shed']]; // prettier-ignore
  const asked = pairs.flatMap(([a, b]) => [ask(a, b), ask(b, a)]);
  const answered = await answerQuestions(model, format, [...asked, ask('tea', 'tea room')]);
  t.same(answered.items.map(({ id }) => id), asked.map(({ id }) => id)); // prettier-ignore
  // By all logits of the prompt at the place where the answers part.
  const logits = (word: string): number => {
    const ids = format.encode('Where is the map?', `It is in the ${word}`);
    const before = format.encode('Where is the map?', 'It is in the');
    const row = model.call(torch.tensor([before], { dtype: 'int64' })).select(0, 0).select(0, before.length - 1); // prettier-ignore
    return row.select(0, ids[before.length]).item<number>();
  };
  t.same(answered.items.map(({ right }) => right), pairs.flatMap(([a, b]) => [logits(a) > logits(b), logits(b) > logits(a)])); // prettier-ignore
  t.same([answered.n, answered.right], [6, 3]);
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await t.rejects(answerQuestions(model, format, asked, controller.signal), { message: 'enough' });
});
