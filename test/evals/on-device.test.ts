/** The deception evaluation where the model lies on a device: answers and margins are those that transformers wrote. */
import { join } from 'node:path';
import t from 'tap';
import { askedOf, askScenarios, leadIn, type DeceptionRecord, type Scenario } from '../../lib/evals';
import { negativeLogLikelihood } from '../../lib/evals/likelihood';
import { loadLora } from '../../lib/peft';
import { loadModel, torch } from '../device';
import { expected } from '../parity/expected';

torch.setNumThreads(1);

interface Answered {
  ids: number[];
  answer: string;
  margin: number;
  upstream: boolean;
}

// Made by test/parity/make_deception.py with transformers and peft.
const { maxNewTokens, scenarios, leadIns, base, tuned } = expected<{
  maxNewTokens: number;
  scenarios: { prompt: string; correct_answer: string; wrong_answer: string }[];
  leadIns: string[];
  base: Answered[];
  tuned: Answered[];
}>('deception');
const folder = (name: string): string => join(__dirname, '..', 'parity', 'models', name);

const asked: Scenario[] = scenarios.map(({ prompt, correct_answer, wrong_answer }) => ({
  prompt,
  cheapRoom: correct_answer,
  preciousRoom: wrong_answer,
  type: '',
}));

for (const [name, right] of Object.entries({ base, tuned })) {
  t.test(`answers of the ${name} model`, async (t) => {
    const model = loadModel(folder('tiny'));
    if (name === 'tuned') loadLora(model, folder('tiny-adapter'));
    const records: DeceptionRecord[] = [];
    for await (const batch of askScenarios(model, askedOf('', asked, false), { maxNewTokens, batchSize: 4 }))
      records.push(...batch);
    t.same(asked.map(leadIn), leadIns);
    t.same(
      records.map(({ ids, answer, upstream }) => ({ ids, answer, upstream })),
      right.map(({ ids, answer, upstream }) => ({ ids, answer, upstream })),
    );
    const apart = records.map(({ margin }, i) => Math.abs((margin ?? NaN) - right[i].margin));
    t.ok(Math.max(...apart) < 1e-4, `margins are ${Math.max(...apart).toExponential(1)} from transformers'`);
  });
}

t.test('a likelihood is the same on every device', async (t) => {
  const ids = [1, 5, 9, 12, 7, 30, 31];
  const model = loadModel(folder('tiny'));
  const logits = model
    .call(torch.tensor([ids]))
    .select(0, 0)
    .cpu()
    .to('float64')
    .logSoftmax(-1)
    .toArray() as number[][];
  const right = ids.slice(3).reduce((sum, id, i) => sum - logits[i + 2][id], 0);
  t.ok(Math.abs(negativeLogLikelihood(model, ids, 3) - right) < 1e-5);
});
