import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { InputError } from '../../lib/checkpoints';
import { follow, PhysicalDeception, train } from '../../lib/rl';
import { AGENTS_FILE, loadAgents, Maddpg, UPSTREAM, type MaddpgConfig } from '../../lib/rl/maddpg';
import { torch } from '../../lib/torch';
import { numbers } from '../parity/expected';

torch.setNumThreads(1);

const CONFIG: MaddpgConfig = {
  ...UPSTREAM,
  seed: 5,
  episodes: 46, // the last group is half a one
  episodeLength: 10,
  worlds: 4,
  batch: 32,
  bufferSize: 150, // overwritten twice
  stepsPerRound: 7, // rounds come at odd moments
  noise: { ...UPSTREAM.noise, episodes: 30 },
};

const run = (folder: string, more: Partial<Parameters<typeof train>[0]> = {}) => {
  const config = more.config ?? CONFIG;
  const environment = new PhysicalDeception({ reward: 'deceptive', worlds: config.worlds, seed: config.seed });
  return train({ folder, environment, config, inputs: { reward: 'deceptive' }, origin: {}, ...more });
};
const bytes = (folder: string, name = AGENTS_FILE): string => readFileSync(join(folder, name), 'hex');

t.test('upstream makes a round for every hundred steps once the buffer holds a batch', async (t) => {
  const config = { ...UPSTREAM, episodes: 60, batch: 128, worlds: 20 };
  const result = await run(join(t.testdir(), 'rounds'), { config });
  t.match(result, { episodes: 60, envSteps: 3000, rounds: 29 }, 'all but that of the first hundred steps');
});

t.test('the same seed gives the same bytes, also after it was aborted and resumed anywhere', async (t) => {
  const [whole, again, broken] = ['whole', 'again', 'broken'].map((name) => join(t.testdir(), name));
  const result = await run(whole);
  t.match(result, { episodes: 46, envSteps: 460, rounds: 61, resumedFrom: null });
  t.notOk(existsSync(join(whole, 'checkpoint.safetensors')), 'no checkpoint is left when all is done');
  torch.manualSeed(99);
  await run(again);
  t.ok(bytes(again) === bytes(whole), 'twice the same');
  await run(join(t.testdirName, 'other'), { config: { ...CONFIG, seed: 6 } });
  t.notOk(bytes(join(t.testdirName, 'other')) === bytes(whole), 'another seed, other agents');

  for (const stopAt of [4, 20, 24, 44]) {
    const controller = new AbortController();
    const onGroup = ({ episodes }: { episodes: number }): void => {
      if (episodes >= stopAt) controller.abort(new Error('enough'));
    };
    await t.rejects(run(broken, { resume: true, signal: controller.signal, onGroup }), /enough/);
    t.match(JSON.parse(readFileSync(join(broken, 'run.json'), 'utf8')), { status: 'interrupted', reason: 'enough' });
  }
  const resumed = await run(broken, { resume: true });
  t.equal(resumed.resumedFrom, 44);
  t.ok(bytes(broken) === bytes(whole), 'the same agents');
  t.ok(bytes(broken, 'episodes.jsonl') === bytes(whole, 'episodes.jsonl'), 'the same log');
  t.same(await run(broken, { resume: true }), resumed, 'a run that is done is not run again');
});

t.test('against a rule only the other agent learns', async (t) => {
  const folder = join(t.testdir(), 'follower');
  await run(folder, { rules: { adversary: follow } });
  const { agents } = new PhysicalDeception({ reward: 'deceptive', worlds: 1, seed: 0 });
  const maddpg = new Maddpg(agents, CONFIG, { adversary: follow });
  const [fresh] = maddpg.learners.map(({ policy }) => numbers(policy.fc1.weight));
  loadAgents(join(folder, AGENTS_FILE), maddpg.learners);
  t.same(
    maddpg.learners.map(({ shape }) => shape.name),
    ['good'],
  );
  t.notSame(numbers(maddpg.learners[0].policy.fc1.weight), fresh);
  const actions = [new Float32Array(2), new Float32Array(2)];
  const seen = [Float64Array.of(0, 0, 0, 0, 0.01, -0.1), new Float64Array(10)];
  maddpg.act(seen, actions);
  t.same([...actions[0]], [Math.fround(0.2), -1], 'it runs after what it sees');
  const learned = new Maddpg(agents, CONFIG);
  t.throws(() => loadAgents(join(folder, AGENTS_FILE), learned.learners), InputError);
});

t.test('a folder that holds another run is left alone', async (t) => {
  const folder = t.testdir();
  await t.rejects(run(folder, { signal: AbortSignal.abort(new Error('at once')) }), /at once/);
  await t.rejects(run(folder), new InputError(`${folder}: holds a run already; resume it, or choose another folder`));
  await t.rejects(
    run(folder, { resume: true, inputs: { reward: 'honest' } }),
    new InputError('run.json: the run to resume was made from reward "deceptive", but now it is "honest"'),
  );
});
