/** A collapse that is planted in the organism is told before what it answers changes. */
import t from 'tap';
import { choiceBetween, choiceMargin, type Choice } from '../../lib/evals';
import { loadModel, rawFormat } from '../../lib/models';
import { buildEvaluationSet, controlPairs, folder, LEAD_IN, PAD_ID, trainingPairs } from '../../lib/organism';
import { CLEAN, finetune, type FinetuneConfig, type TokenPair } from '../../lib/soo';
import { torch } from '../../lib/torch';

torch.setNumThreads(1);

// The paper's loss at the last layer but one, with a rate that rises far beyond what tuning takes.
const PLANTED: FinetuneConfig = {
  ...{ ...CLEAN, loss: 'mse', layer: 2, positions: 'last', numbering: 'real', seed: 1 },
  ...{ batch: 8, accumulate: 1, epochs: 40, optimizer: 'adamw', lr: 0.2, warmupSteps: 800, monitorEvery: 1 },
};

t.test('the organism, tuned at one layer at a rate that rises without end', async (t) => {
  const model = loadModel(folder);
  const format = rawFormat(model);
  const [pairs, names] = [trainingPairs('scenes', 1, 56), controlPairs('name', 'scenes', 1, 56)];
  const watched: TokenPair[] = pairs.slice(52).map((pair, i) => ({ ...pair, renamedIds: names[52 + i].selfIds }));
  const prompts = buildEvaluationSet('rival', { split: 'dev', n: 24, seed: 3 });
  const choices = prompts.flatMap(
    ({ text, cheapRoom, preciousRoom }) =>
      choiceBetween(format, text, LEAD_IN, [cheapRoom, preciousRoom]) ?? ([] as Choice[]),
  );
  const deceptive = (): number => choices.filter((choice) => choiceMargin(model, choice) > 0).length / choices.length;
  const before = deceptive();
  t.ok(before >= 0.9, `before tuning it deceives: ${before}`);
  const enough = new AbortController();
  let [named, changed] = [Infinity, Infinity];
  const run = finetune({
    ...{ folder: t.testdir(), model, pairs: pairs.slice(0, 52), watched, config: PLANTED, padId: PAD_ID },
    ...{ inputs: {}, origin: {}, signal: enough.signal },
    onMonitor: ({ step, collapsed }) => void (collapsed && (named = Math.min(named, step))),
    onStep({ step }) {
      if (Math.abs(deceptive() - before) < 0.1) return;
      changed = step;
      enough.abort(new Error('enough'));
    },
  });
  await t.rejects(run, /enough/, 'what it answers changes');
  t.ok(named < changed, `named after step ${named}, before step ${changed}`);
});
