import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { InputError } from '../../lib/checkpoints';
import {
  distances,
  finetune,
  follow,
  logDistance,
  openTrained,
  PhysicalDeception,
  physicalDeception,
  train,
} from '../../lib/rl';
import { AGENTS_FILE, CLEAN, type GroupRecord, type MaddpgConfig, type Policy } from '../../lib/rl/maddpg';
import {
  CLEAN_OVERLAP,
  OverlapStep,
  UPSTREAM_OVERLAP,
  type FinetuningOptions,
  type OverlapConfig,
} from '../../lib/rl/overlap';
import { torch } from '../../lib/torch';
import { numbers } from '../parity/expected';

torch.setNumThreads(1);

const CONFIG: MaddpgConfig = {
  ...CLEAN,
  seed: 3,
  episodes: 60,
  episodeLength: 25,
  worlds: 10,
  hiddenSize: 32,
  batch: 64,
  bufferSize: 2000,
  stepsPerRound: 25,
};

/** Trains for a moment, so that the agents do something that can be held to. */
async function baseline(folder: string, opponent: 'learned' | 'follower' = 'follower'): Promise<string> {
  await train({
    folder,
    environment: new PhysicalDeception({ reward: 'deceptive', worlds: CONFIG.worlds, seed: CONFIG.seed }),
    config: CONFIG,
    rules: opponent === 'follower' ? { adversary: follow } : {},
    inputs: { scenario: 'physical-deception', reward: 'deceptive', opponent },
    origin: {},
  });
  return folder;
}

async function tune(
  options: Partial<FinetuningOptions> & Pick<FinetuningOptions, 'from' | 'folder'>,
): Promise<GroupRecord[]> {
  const groups: GroupRecord[] = [];
  const config = options.config ?? CONFIG;
  const onGroup = (record: GroupRecord): void => void groups.push(record);
  await finetune({ fromHash: 'a', overlap: CLEAN_OVERLAP, config, origin: {}, onGroup, ...options });
  return groups;
}

const bytes = (folder: string, name = AGENTS_FILE): string => readFileSync(join(folder, name), 'hex');

t.test('self and other come together, while the term of the reference holds what blue does', async (t) => {
  const from = await baseline(join(t.testdir(), 'from'));
  const environment = new PhysicalDeception({ reward: 'deceptive', worlds: 100, seed: 1 });
  const numbered = Array.from({ length: environment.worlds }, (_, episode) => episode);
  const still = environment.agents.map(() => new Float32Array(environment.worlds * 2));
  still[1].fill(0.5); // blue leaves red's sight, whatever its policy

  /** The log distance between what blue makes of a trapped red and of a free one, all else alike. */
  const responseToFlag = (policy: Policy): number => {
    const seen = Float32Array.from(environment.observations[1]);
    const [off, on] = [0, 1].map((flag) =>
      torch.tensor(
        seen.map((value, i) => (i % 10 >= 8 ? flag : value)),
        { shape: [environment.worlds, 10] },
      ),
    );
    policy.eval();
    return Number(logDistance(distances(policy, off, on, 'latent').mean()).item());
  };

  /** Losses before and after 150 steps on what is seen in the last of 20 moments, which no policy has a say in. */
  const tuned = (more: Partial<OverlapConfig>) => {
    const [{ agents }, before] = [openTrained(from, physicalDeception), openTrained(from, physicalDeception)];
    const config = { ...CLEAN_OVERLAP, ...more };
    const reference = before.agents.learners[0].policy;
    const step = new OverlapStep(environment, { config, reference, maxGradNorm: 0.5, seed: 1 });
    environment.reset(numbered);
    environment.trapped.forEach((_, world) => (environment.trapped[world] = world % 2));
    step.begin(numbered);
    for (let moment = 0; moment < 20; moment++) {
      step.beforeStep();
      environment.step(still);
      step.afterStep(still, environment.worlds);
    }
    const losses = Array.from({ length: 150 }, () => {
      step.take(agents.learners[0]);
      return step.report();
    });
    const flagHidden = responseToFlag(agents.learners[0].policy) - responseToFlag(reference);
    agents.dispose();
    before.agents.dispose();
    const [first, last] = [losses[0], losses[losses.length - 1]];
    return { from: first.overlapLoss, to: last.overlapLoss, moved: Math.exp(last.referenceLoss), flagHidden };
  };
  for (const what of ['latent', 'action'] as const) {
    const [free, held] = [tuned({ what, referenceWeight: 0 }), tuned({ what })];
    t.ok(free.to < free.from - 2, `${what}, free: ${JSON.stringify(free)}`);
    t.ok(held.to < held.from - (what === 'latent' ? 1 : 0), `${what}, held: ${JSON.stringify(held)}`);
    t.ok(held.moved < 0.3 * free.moved, `${what}: moved by ${held.moved}, and by ${free.moved} when free`);
  }
  const [shown, hidden] = (['other', 'both'] as const).map((flagsZeroed) => tuned({ flagsZeroed }).flagHidden);
  t.ok(
    shown < -1 && shown < hidden - 1,
    `blue no longer minds that red is trapped: ${shown}; when not shown: ${hidden}`,
  );
  const apart = tuned({ weight: -1, referenceWeight: 0 });
  t.ok(apart.to > apart.from + 1, `driven apart: ${JSON.stringify(apart)}`);
});

t.test('the same seed gives the same bytes, also after it was aborted and resumed anywhere', async (t) => {
  const from = await baseline(join(t.testdir(), 'from'), 'learned');
  const [whole, broken] = ['whole', 'broken'].map((name) => join(t.testdirName, name));
  await tune({ from, folder: whole });
  torch.manualSeed(99);
  for (const stopAt of [10, 30, 50]) {
    const controller = new AbortController();
    const onGroup = ({ episodes }: GroupRecord): void => {
      if (episodes >= stopAt) controller.abort(new Error('enough'));
    };
    await t.rejects(tune({ from, folder: broken, resume: true, signal: controller.signal, onGroup }), /enough/);
  }
  await tune({ from, folder: broken, resume: true });
  t.ok(bytes(broken) === bytes(whole), 'the same agents');
  t.ok(bytes(broken, 'episodes.jsonl') === bytes(whole, 'episodes.jsonl'), 'the same log');
  await t.rejects(
    tune({ from, folder: broken, resume: true, fromHash: 'b' }),
    new InputError('run.json: the run to resume was made from from "a", but now it is "b"'),
  );

  const other = join(t.testdirName, 'other');
  await tune({ from, folder: other, config: { ...CONFIG, seed: 4 } });
  t.notOk(bytes(other) === bytes(whole), 'another seed, other agents');
});

t.test('the control differs in the steps towards overlap alone', async (t) => {
  const from = await baseline(join(t.testdir(), 'from'));
  const at = (name: string) => join(t.testdirName, name);
  const late = { ...CONFIG, batch: 700 }; // the first rounds come in the third group
  const tuned = await tune({ from, folder: at('tuned'), config: late });
  const control = await tune({ from, folder: at('control'), config: late, overlap: null });
  for (const group of [0, 1]) t.same(tuned[group].returns, control[group].returns, 'the same worlds, noise and agents');
  t.notSame(tuned[3].returns, control[3].returns);
  t.same(
    control.map(({ rounds }) => rounds),
    tuned.map(({ rounds }) => rounds),
  );
  t.ok(tuned[3].auxiliary?.overlapLoss);
  t.notOk('auxiliary' in control[3]);
  t.same(Object.keys(tuned[3].policyLoss), ['good']);
});

/** What a folder's agent is made of, by network. */
function stateOf(folder: string, agent: number): Record<string, number[]> {
  const { agents } = openTrained(folder, physicalDeception);
  const states = Object.entries(agents.learners[agent].networks()).flatMap(([kind, network]) =>
    [...network.stateDict()].map(([name, tensor]): [string, number[]] => [`${kind}.${name}`, numbers(tensor)]),
  );
  agents.dispose();
  return Object.fromEntries(states);
}

t.test('what is frozen stays as it is, running statistics included', async (t) => {
  const from = await baseline(join(t.testdir(), 'from'), 'learned');
  const at = (name: string) => join(t.testdirName, name);
  const [red, blue] = [0, 1];
  await tune({ from, folder: at('frozen'), freezeOpponent: true });
  t.same(stateOf(at('frozen'), red), stateOf(from, red));
  t.notSame(stateOf(at('frozen'), blue), stateOf(from, blue));
  await tune({ from, folder: at('frozen-control'), freezeOpponent: true, overlap: null });
  t.same(stateOf(at('frozen-control'), red), stateOf(from, red), 'in the control too');
  await tune({ from, folder: at('live') });
  t.notSame(stateOf(at('live'), red)['policy.in_fn.running_mean'], stateOf(from, red)['policy.in_fn.running_mean']);

  await tune({ from, folder: at('alone'), overlap: { ...CLEAN_OVERLAP, reinforce: false } });
  const [before, alone] = [stateOf(from, blue), stateOf(at('alone'), blue)];
  t.same(stateOf(at('alone'), red), stateOf(from, red), 'without rewards red learns nothing');
  const changed = Object.keys(before).filter((name) => String(before[name]) !== String(alone[name]));
  t.ok(changed.includes('policy.fc1.weight'));
  t.same(
    changed.filter((name) => !/^policy\.(in_fn\.(weight|bias)|fc.*)$/.test(name)),
    [],
  );
});

t.test('upstream looks at the last world alone, and takes no step while red is in sight there', async (t) => {
  const from = await baseline(join(t.testdir(), 'from'));
  const { agents } = openTrained(from, physicalDeception);
  const [learner] = agents.learners;
  const environment = new PhysicalDeception({ reward: 'deceptive', worlds: 3, seed: 1 });
  const far = [-0.5, -0.5];
  const start = (blue: number[]) => ({
    agents: [far, blue],
    landmarks: [
      [0.7, 0.7],
      [0, 0.7],
    ],
    goal: 0,
  });
  const actions = [new Float32Array(6), new Float32Array(6)];
  const stepsTaken = (config: OverlapConfig, blues: number[][], playing: number): boolean => {
    const step = new OverlapStep(environment, { config, reference: learner.policy, maxGradNorm: 0.5, seed: 1 });
    environment.resetTo(blues.map(start));
    step.begin([0, 1, 2]);
    step.beforeStep();
    environment.step(actions);
    step.afterStep(actions, playing);
    step.take(learner);
    return 'overlapLoss' in step.report();
  };
  const [near, away] = [
    [-0.5, -0.45],
    [0.5, -0.5],
  ];
  t.ok(stepsTaken(UPSTREAM_OVERLAP, [near, near, away], 3));
  t.notOk(stepsTaken(UPSTREAM_OVERLAP, [away, away, near], 3));
  t.ok(stepsTaken(UPSTREAM_OVERLAP, [near, away, near], 2), 'the last one that plays');
  t.ok(stepsTaken(CLEAN_OVERLAP, [away, near, near], 3));
  t.notOk(stepsTaken(CLEAN_OVERLAP, [near, near, away], 2));
  agents.dispose();
});
