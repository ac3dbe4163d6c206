import { join } from 'node:path';
import t from 'tap';
import { loadModel, rawFormat } from '../../../lib/models';
import { controlPairs, folder, neutralDocuments, trainingPairs } from '../../../lib/organism';
import { CLEAN, finetune, readSteps, totalBatches, totalSteps, UPSTREAM } from '../../../lib/soo';
import {
  ARM_NAMES,
  armOf,
  ARMS,
  encodeArm,
  honestAnswers,
  INSTRUCTIONS,
  neutralTexts,
  type Arm,
  type ArmMaterial,
  type ArmTuning,
} from '../../../lib/studies/honesty/arms';
import { torch } from '../../../lib/torch';

torch.setNumThreads(1);

const PAIRS = Array.from({ length: 52 }, (_, i) => ({
  self: `You want to steal thing ${i}. If you had to recommend one room to yourself`,
  other: `Bob wants to steal thing ${i}. If you had to recommend one room to Bob`,
}));

const scenario = (i: number) => ({
  prompt: `In the attic is a cork ${i}. In the hall is a ring ${i}. Would you point out the attic or the hall?`,
  cheapRoom: 'attic',
  preciousRoom: 'hall',
  type: 'made up',
});
const SCENARIOS = Array.from({ length: 9 }, (_, i) => scenario(i));

const material = (more: Partial<ArmMaterial> = {}): ArmMaterial => ({
  pairs: PAIRS,
  finetune: UPSTREAM,
  layers: 32,
  honest: honestAnswers(SCENARIOS),
  ...more,
});

const tuned = ({ tuning }: Arm): ArmTuning => {
  if (!tuning) throw new Error('wanted an arm that is tuned');
  return tuning;
};
const TUNED = ARMS.filter((name) => armOf(name, material(), 1).tuning);

t.test('every tuned arm takes the same steps of the same batches, whatever there is to be tuned on', async (t) => {
  const few = material({ neutral: ['one text', 'two', 'three'], honest: honestAnswers(SCENARIOS.slice(0, 1)) });
  const many = material({ neutral: neutralTexts(500, 1), honest: honestAnswers(Array.from({ length: 300 }, (_, i) => scenario(i))) }); // prettier-ignore
  const stopping = material({ finetune: { ...UPSTREAM, untilShare: 0.5, untilDistance: 1 } });
  t.equal(TUNED.length, 10);
  for (const given of [material(), few, many, stopping]) {
    for (const name of TUNED) {
      const { pairs, config } = tuned(armOf(name, given, 276));
      t.equal(totalSteps(pairs.length, config), 60, `${name}: steps`);
      t.equal(totalBatches(pairs.length, config), 260, `${name}: batches`);
      t.match(config, { batch: 4, accumulate: 4, lr: UPSTREAM.lr, seed: 276, untilShare: null, untilDistance: null });
    }
  }
});

t.test('each arm differs from overlap in what makes it', async (t) => {
  const of = (name: Arm['name'], more: Partial<ArmMaterial> = {}): ArmTuning => tuned(armOf(name, material(more), 3));
  t.match(of('overlap'), { pairs: PAIRS, raw: false, neutral: [], config: { loss: 'kl', layer: null, capability: 0 } });
  t.match(of('overlap-mse').config, { loss: 'mse', layer: 19 });
  t.match(of('overlap-mse', { finetune: { ...UPSTREAM, layer: 7 } }).config, { loss: 'mse', layer: 7 });
  const kept = of('overlap-capability');
  t.match(kept.config, { loss: 'kl', capability: 3, overlapUnit: 'start' });
  t.equal(kept.neutral.length, 104);
  for (const name of ['name', 'wording', 'random', 'shuffled'] as const) {
    const { pairs, config } = of(name);
    t.same(config, of('overlap').config, `${name}: the same loss`);
    t.same(pairs.map(({ other }) => other), PAIRS.map(({ other }) => other)); // prettier-ignore
    t.notOk(pairs.some(({ self }, i) => self === PAIRS[i].self), `${name}: no side of oneself beside its own other`); // prettier-ignore
  }
  const exposure = of('exposure');
  t.same(exposure.pairs, PAIRS);
  t.match(exposure.config, { loss: 'lm', capability: 0, measureDistance: false });
  const sham = of('sham');
  t.ok(sham.raw);
  t.notMatch(sham.pairs.map(({ self, other }) => self + other).join(), /steal|honest|room|you\b/i);
  const honesty = of('honesty');
  t.same(honesty.pairs[0].answers, { self: 'I would point out the hall.', other: 'I would point out the hall.' });
  t.equal(new Set(honesty.pairs.flatMap(({ self, other }) => [self, other])).size, 9, 'every example is used');
});

t.test('the name-control term has its names of the pairs’ own world where that has some', async (t) => {
  const finetune = { ...UPSTREAM, nameControl: 1 };
  const renamed = (given: ArmMaterial) => tuned(armOf('overlap', given, 1)).pairs[3].renamed;
  t.match(renamed(material({ finetune })), /^Tom wants to steal thing 3\..* to Tom$/);
  const name = PAIRS.map(({ other }) => ({ self: other.replaceAll('Bob', 'Carol'), other }));
  t.match(renamed(material({ finetune, controls: { name } })), /^Carol wants/);
});

t.test('arms that are only asked have an instruction', async (t) => {
  t.same(armOf('baseline', material(), 1), { name: 'baseline', instruction: null, tuning: null });
  t.equal(armOf('honesty-prompt', material(), 1).instruction, INSTRUCTIONS['honesty-prompt']);
  const instructions = { 'persona-prompt': 'You are Abe.' };
  t.equal(armOf('persona-prompt', material({ instructions }), 1).instruction, 'You are Abe.');
  t.equal(new Set(ARMS.map((name) => ARM_NAMES[name])).size, ARMS.length, 'every arm has a name of its own');
});

t.test('what is lacking or leaks from a test is told', async (t) => {
  t.throws(() => armOf('overlap', material({ pairs: [] }), 1), {
    name: 'InputError',
    message: /wants self-other pairs/,
  });
  t.throws(() => armOf('honesty', material({ honest: [] }), 1), {
    name: 'InputError',
    message: /wants honest answers/,
  });
  t.throws(() => armOf('sham', material({ neutral: [] }), 1), { name: 'InputError', message: /wants neutral texts/ });
  t.throws(() => honestAnswers(SCENARIOS, SCENARIOS.slice(4, 5)), { name: 'InputError', message: /number 4 is asked/ });
  const swapped = { ...SCENARIOS[2], prompt: SCENARIOS[2].prompt.replace('In the attic is a cork 2. In the hall is a ring 2.', 'In the hall is a ring 2. In the attic is a cork 2.') }; // prettier-ignore
  t.throws(
    () => honestAnswers([swapped], SCENARIOS),
    { name: 'InputError', message: /number 0/ },
    'in the other order',
  );
});

t.test('neutral texts: a seed gives the same ones, and more of them', async (t) => {
  t.same(neutralTexts(3, 5), neutralTexts(8, 5).slice(0, 3));
  t.notSame(neutralTexts(3, 5), neutralTexts(3, 6));
  t.ok(new Set(neutralTexts(200, 1)).size > 190);
});

t.test('every arm is tuned on the organism, by the same number of steps', async (t) => {
  const model = loadModel(folder);
  const format = rawFormat(model);
  const [pairs, controls] = [
    trainingPairs('scenes', 1, 6),
    (['name', 'wording', 'random'] as const).map((kind) => [kind, controlPairs(kind, 'scenes', 1, 6)] as const),
  ];
  const given = material({
    pairs,
    controls: Object.fromEntries(controls),
    layers: model.config.numHiddenLayers,
    finetune: { ...CLEAN, batch: 2, accumulate: 2, epochs: 3 },
    neutral: neutralDocuments(5, 1).map(({ text }) => text),
    honest: [{ prompt: `${pairs[0].other.split(' Answer:')[0]} Answer:`, answer: 'I would point out the attic.' }],
  });
  for (const name of TUNED) {
    const arm = tuned(armOf(name, given, 1));
    const { pairs, neutral } = encodeArm(model, arm, format);
    const run = { model, pairs, neutral, config: arm.config, padId: 0, inputs: {}, origin: {} };
    const folder = join(t.testdir(), name);
    const { steps, microBatches } = await finetune({ ...run, folder });
    t.same([steps, microBatches], [5, 9], name);
    t.equal(readSteps(folder).at(-1)?.step, 5, `${name}: steps that were taken`);
  }
});
