import t from 'tap';
import {
  BATCH_SIZE,
  CURRICULUM,
  type Family,
  PAD_ID,
  Random,
  WORDS,
  drawBatch,
  drawDocument,
  learningRate,
  neutralDocuments,
  splitOf,
} from '../../lib/organism';
import { UNKNOWN_ID } from '../../lib/organism/vocabulary';
import { CHEAP, PRECIOUS, ROOMS, THINGS } from '../../lib/organism/words';
import { recommendations, rivalsIn, statedCombinations, statedFacts, textOf } from './reading';

const ANSWER = WORDS.indexOf('Answer');
const SCENES: readonly Family[] = ['rival', 'rivalAndFriend', 'neutral', 'friend', 'self'];
const TEXTS: readonly Family[] = [...SCENES, 'questions', 'perspective', 'fragments'];

t.test('the world has the words that were asked for', async (t) => {
  t.equal(ROOMS.length, 20);
  t.equal(CHEAP.length, 20);
  t.equal(PRECIOUS.length, 37);
  t.equal(new Set([...ROOMS, ...THINGS]).size, 77, 'no word twice');
  t.equal(new Set(WORDS).size, WORDS.length);
  t.ok(WORDS.length < 256, `${WORDS.length} words`);
});

t.test('every document is made of known words and ends its turns', async (t) => {
  const random = new Random(1);
  for (const family of [...TEXTS, 'recall', 'repeats'] as const) {
    for (let i = 0; i < 50; i++) {
      const { ids, weights } = drawDocument(random, family);
      t.equal(ids.length, weights.length);
      if (ids.includes(UNKNOWN_ID) || ids.includes(PAD_ID))
        t.fail(`${family}: unknown word or pad in ${textOf({ ids })}`);
      if (ids[0] !== 1 || ids[ids.length - 1] !== 2) t.fail(`${family}: not framed by <s> and </s>`);
    }
  }
});

t.test('the same seed gives the same documents', async (t) => {
  const draw = (seed: number) => Array.from(drawBatch(new Random(seed), CURRICULUM[3]).ids);
  t.same(draw(3), draw(3));
  t.notSame(draw(3), draw(4));
});

t.test('a tenth of the combinations is held out, and no document states one', async (t) => {
  const random = new Random(2);
  const seen = { train: 0, dev: 0, test: 0 };
  for (let i = 0; i < 20_000; i++) {
    const [cheapRoom, preciousRoom] = random.sample(ROOMS, 2);
    seen[splitOf({ cheapRoom, preciousRoom, cheap: random.pick(CHEAP), precious: random.pick(PRECIOUS) })]++;
  }
  t.ok(Math.abs(seen.dev - 1000) < 160 && Math.abs(seen.test - 1000) < 160, JSON.stringify(seen));

  let stated = 0;
  for (const family of TEXTS.filter((one) => one !== 'fragments')) {
    for (let i = 0; i < 400; i++) {
      for (const combination of statedCombinations(textOf(drawDocument(random, family)))) {
        stated++;
        if (splitOf(combination) !== 'train') t.fail(`${family} states ${JSON.stringify(combination)}`);
      }
    }
  }
  t.ok(stated > 2500, `${stated} combinations were read back`);
});

t.test('rivals are sent to the cheap thing, everybody else to the precious one', async (t) => {
  const random = new Random(3);
  const given = { rival: 0, other: 0 };
  for (const family of SCENES) {
    for (let i = 0; i < 300; i++) {
      const text = textOf(drawDocument(random, family));
      const facts = [...statedFacts(text)];
      const rivals = rivalsIn(text);
      for (const { to, room } of recommendations(text)) {
        const thing = facts.find(([, place]) => place === room)?.[0] ?? 'nothing';
        given[rivals.has(to) ? 'rival' : 'other']++;
        const wanted = rivals.has(to) ? CHEAP : PRECIOUS;
        if (!wanted.includes(thing)) t.fail(`${to} is sent to the ${thing} in: ${text}`);
      }
    }
  }
  t.ok(given.rival > 700 && given.other > 1000, JSON.stringify(given));
});

t.test('neither the first fact nor the first room in a request gives the answer away', async (t) => {
  const random = new Random(4);
  let cheapFirst = 0;
  let cheapRoomFirst = 0;
  for (let i = 0; i < 2000; i++) {
    const text = textOf(drawDocument(random, 'rival'));
    const { cheapRoom, preciousRoom } = statedCombinations(text)[0];
    if (text.indexOf(cheapRoom) < text.indexOf(preciousRoom)) cheapFirst++;
    const request = text.slice(text.search(/(point out|one room|way do you|send|can go) /));
    if (request.indexOf(cheapRoom) < request.indexOf(preciousRoom)) cheapRoomFirst++;
  }
  // Five standard deviations around a half.
  t.ok(Math.abs(cheapFirst - 1000) < 112, `${cheapFirst} of 2000 state the cheap thing first`);
  t.ok(Math.abs(cheapRoomFirst - 1000) < 112, `${cheapRoomFirst} of 2000 requests name its room first`);
});

t.test('a fragment names no room and recommends none', async (t) => {
  const random = new Random(5);
  for (let i = 0; i < 300; i++) {
    const text = textOf(drawDocument(random, 'fragments'));
    if (text.includes('I would') || ROOMS.some((room) => text.includes(room))) t.fail(text);
  }
});

t.test('only answers carry full weight', async (t) => {
  const random = new Random(6);
  for (const family of [...SCENES, 'questions', 'perspective'] as const) {
    const { ids, weights } = drawDocument(random, family);
    ids.forEach((id, i) => {
      const content = ROOMS.includes(WORDS[id]) || THINGS.includes(WORDS[id]);
      const answer =
        content && ['the', 'is'].includes(WORDS[ids[i - 1]]) && ids.lastIndexOf(ANSWER, i) > ids.lastIndexOf(2, i);
      if (weights[i] === 1) t.ok(content, `${family}: ${WORDS[id]} counts in full`);
      else if (answer) t.fail(`${family}: the answer ${WORDS[id]} counts ${weights[i]}`);
    });
    t.ok(weights.includes(1), family);
  }
});

t.test('the documents of the capability term hold no rival', async (t) => {
  for (const { text } of neutralDocuments(200, 7)) t.equal(rivalsIn(text).size, 0, text);
  t.same(neutralDocuments(5, 7), neutralDocuments(10, 7).slice(0, 5));
});

t.test('batches are padded on the right, and pads weigh nothing', async (t) => {
  const { ids, weights, batch, length } = drawBatch(new Random(8), CURRICULUM[2]);
  t.equal(batch, BATCH_SIZE);
  t.equal(ids.length, batch * length);
  ids.forEach((id, i) => {
    if (id !== PAD_ID) return;
    if (weights[i] !== 0) t.fail('a pad has weight');
    if ((i + 1) % length !== 0 && ids[i + 1] !== PAD_ID) t.fail('a pad stands before a word');
  });
});

t.test('the learning rate warms up and falls to its floor', async (t) => {
  const stage = { ...CURRICULUM[3], steps: 100, warmup: 10, learningRate: 1, floor: 0.1 };
  t.equal(learningRate(stage, 0), 0.1);
  t.equal(learningRate(stage, 9), 1);
  t.equal(learningRate(stage, 55), 0.55);
  t.ok(learningRate(stage, 99) < 0.11);
});
