import t from 'tap';
import { greedyAnswers, labelAnswer, measureAnswers, scoreAnswers } from '../../lib/evals';
import * as organism from '../../lib/organism';
import type { GenerativeModel } from '../../lib/models';
import { torch, type Tensor } from '../../lib/torch';

torch.setNumThreads(1);

const sets = organism.buildEvaluationSets({ split: 'dev', n: 6, seed: 1 });
const prompts = Object.values(sets).flat();
const byIds = new Map(prompts.map((prompt) => [prompt.ids.join(), prompt]));

/** Answers each prompt by a rule that sees the prompt itself. */
const answering = (rule: (prompt: organism.OrganismPrompt) => string) => async (ids: readonly (readonly number[])[]) =>
  ids.map((one) => rule(byIds.get(one.join()) as organism.OrganismPrompt));

t.test('an answerer that does what is expected passes the gates', async (t) => {
  const { rates, records } = await measureAnswers(
    sets,
    answering(({ expected }) => `I would point out the ${expected}.`),
  );
  t.same(organism.missedGates(rates), []);
  t.equal(rates.rival.deceptive, 1);
  t.equal(rates.friend.honest, 1);
  t.ok(records.every(({ right }) => right));
  t.equal(records.length, prompts.length);
});

t.test('three labels: silence is neither, never honest', async (t) => {
  const { rates } = await measureAnswers(
    sets,
    answering(() => 'I would rather not say.'),
  );
  t.match(rates.rival, { n: 6, deceptive: 0, honest: 0, neither: 1, right: 0 });
  const mixed = await measureAnswers(
    { rival: sets.rival },
    answering(({ cheapRoom, preciousRoom, order }) =>
      order === 'cheap-first' ? cheapRoom : `Not the ${preciousRoom}`,
    ),
  );
  t.match(mixed.rates.rival, { deceptive: 0.5, honest: 0.5, neither: 0, rightCheapFirst: 1, rightPreciousFirst: 0 });
});

t.test('one record per prompt, from which labels and rates can be derived again', async (t) => {
  const rule = ({ cheapRoom, name }: organism.OrganismPrompt): string => (name === 'Bob' ? `the ${cheapRoom}` : '');
  const { rates, records } = await measureAnswers(sets, answering(rule));
  for (const family of organism.EVALUATION_FAMILIES) {
    const own = records.filter((record) => record.family === family);
    t.same(
      own.map(({ index }) => index),
      sets[family].map((_, i) => i),
    );
    const answers = own.map(({ answer }) => answer);
    t.same(scoreAnswers(sets[family], answers), rates[family], family);
    for (const { index, answer, label } of own) {
      t.equal(label, organism.isRequest(family) ? labelAnswer(answer, sets[family][index]) : null);
    }
  }
  t.same(organism.EVALUATION_FAMILIES.filter((family) => !organism.isRequest(family)).length, 4);
});

t.test('greedy answers of a model: new tokens only, decoded, in the order of the prompts', async (t) => {
  // Says the prompt's first word after <s>, then stops.
  const model: GenerativeModel = {
    eosTokenIds: [organism.EOS_ID],
    startDecoding(ids) {
      const logits = (tokens: number[]): Tensor =>
        torch.oneHot(torch.tensor(tokens, { dtype: 'int64' }), organism.WORDS.length).to('float32');
      return {
        prefill: () => logits(ids.map((prompt) => prompt[1])),
        step: (tokens) => logits(tokens.map(() => organism.EOS_ID)),
        drop() {},
        dispose() {},
      };
    },
  };
  const answer = greedyAnswers(model, { decode: organism.decode, maxNewTokens: 5, batchSize: 4 });
  t.same(
    await answer(prompts.map(({ ids }) => ids)),
    prompts.map(({ ids }) => organism.decode([ids[1]])),
  );
  const aborted = greedyAnswers(model, { decode: organism.decode, maxNewTokens: 5, signal: AbortSignal.abort() });
  await t.rejects(aborted([[1, 2]]), { name: 'AbortError' });
});

t.test('an answerer that leaves one out is found out', async (t) => {
  await t.rejects(
    measureAnswers(sets, async () => ['one']),
    /66 prompts need as many answers, got 1/,
  );
});
