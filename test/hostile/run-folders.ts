/** Folders that are given as `--out`, or gone on with: links, logs and locks of others, checkpoints that were changed. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { damaged, damagedJson, type Random } from '../fuzz/edits';
import { copyOf, json, written, type Good, type Kind } from './cases';
import { withState } from './safetensors';

const victim = (folder: string): string => written(join(folder, 'victim'), 'my only copy\n');

const OUT: Record<string, (out: string, folder: string) => void> = {
  'the log is a link': (out, folder) => symlinkSync(victim(folder), join(out, 'steps.jsonl')),
  'the log is a hard link': (out, folder) => linkSync(victim(folder), join(out, 'steps.jsonl')),
  'the log is a pipe': (out) => void execFileSync('mkfifo', [join(out, 'steps.jsonl')]),
  'the log is of others': (out) => void written(join(out, 'steps.jsonl'), '{"my":"log"}\n'),
  'the adapter is of others': (out) => void written(join(out, 'adapter_config.json'), '{}'),
  'tensorboard is a link': (out, folder) => {
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(out, 'tensorboard'));
  },
  'the lock is a link': (out, folder) => symlinkSync(victim(folder), join(out, '.soo-lock')),
  'the lock is a pipe': (out) => void execFileSync('mkfifo', [join(out, '.soo-lock')]),
  'the lock is of process 1': (out) => void json(join(out, '.soo-lock'), { pid: 1, host: '', token: 'x' }),
  'the lock is of all processes': (out) => void json(join(out, '.soo-lock'), { pid: -1 }),
  'the run is a link': (out, folder) => symlinkSync(victim(folder), join(out, 'run.json')),
  'the adapter is a link': (out, folder) => {
    symlinkSync(victim(folder), join(out, 'adapter_model.safetensors'));
  },
};

const tune = ({ model, pairs }: Good, out: string): string[] => [
  ...['finetune', '--model', model, '--pairs', pairs, '--out', out, '--max-steps', '2'],
];

export const outFolders: Kind = (random, good) => {
  const what = random.pick(Object.keys(OUT));
  return {
    kind: '--out',
    what,
    make(folder, out) {
      mkdirSync(out);
      OUT[what](out, folder);
      return [...tune(good, out), ...(random.below(2) ? ['--resume'] : [])];
    },
  };
};

type State = Record<string, unknown> & {
  position: { microBatch: number; step: number };
  optimizer: { groups: Record<string, unknown>[]; steps: Record<string, unknown> };
};
const group = (change: Record<string, unknown>) => (state: State) =>
  void Object.assign(state.optimizer.groups[0], change);

const STATES: Record<string, (state: State) => void> = {
  'a position of 2^53': ({ position }) => void (position.microBatch = 2 ** 53 - 1),
  'more steps than batches': ({ position }) => void (position.step = 1e9),
  'it climbs': group({ maximize: true }),
  'it decays': group({ weightDecay: 1e6 }),
  'an eps that is text': group({ eps: '1e9' }),
  'no parameters': group({ params: [] }),
  'no groups': ({ optimizer }) => void Reflect.deleteProperty(optimizer, 'groups'),
  'steps below 0': ({ optimizer }) => void Object.keys(optimizer.steps).forEach((key) => (optimizer.steps[key] = -5)),
  'steps of others': ({ optimizer }) => void (optimizer.steps = { 99999: 3 }),
};

const LOGS: Record<string, (run: string) => void> = {
  'a log that is none': (run) => writeFileSync(join(run, 'steps.jsonl'), 'not json\n'.repeat(1000)),
  'a short log': (run) =>
    writeFileSync(join(run, 'steps.jsonl'), readFileSync(join(run, 'steps.jsonl'), 'utf8').split('\n')[0]),
  'a log of zeros': (run) => writeFileSync(join(run, 'steps.jsonl'), new Uint8Array(100_000)),
  'a log with more': (run) => appendFileSync(join(run, 'steps.jsonl'), 'x'.repeat(1_000_000)),
};

const CHECKPOINT = 'checkpoint.safetensors';

export const checkpoints: Kind = (random, good) => {
  const what = random.pick([...Object.keys(STATES), ...Object.keys(LOGS), 'damaged bytes', 'damaged values']);
  return {
    kind: 'checkpoints',
    what,
    make(_, out) {
      cpSync(good.run, out, { recursive: true });
      const path = join(out, CHECKPOINT);
      if (what in LOGS) LOGS[what](out);
      else if (what === 'damaged bytes') writeFileSync(path, damaged(readFileSync(path), random));
      else {
        const spoil = (state: Record<string, unknown>): void =>
          what in STATES ? STATES[what](state as State) : void Object.assign(state, damagedJson(state, random));
        writeFileSync(path, withState(path, spoil));
      }
      return [...good.resume, '--out', out];
    },
  };
};

const AGENTS: Record<string, (config: Record<string, unknown>) => void> = {
  'a hidden size of 20,000': (config) => void (config.hiddenSize = 20_000),
  'a hidden size of 10^7': (config) => void (config.hiddenSize = 1e7),
  'episodes of 10^9 steps': (config) => void (config.episodeLength = 1e9),
  'a replay of 10^9': (config) => void (config.bufferSize = 1e9),
  'a seed of 2^60': (config) => void (config.seed = 2 ** 60),
  'a million worlds': (config) => void (config.worlds = 1e6),
};

const ways = (agents: string, out: string, random: Random): string[] =>
  random.pick([
    ['rl', 'evaluate', '--agent', agents, '--episodes', '2', '--seeds', '1'],
    ['rl', 'film', '--agent', agents, '--out', `${out}.gif`],
    ['rl', 'finetune', '--from', agents, '--out', out, '--episodes', '2', '--no-overlap'],
  ]);

export const agents: Kind = (random, good) => {
  const what = random.pick([...Object.keys(AGENTS), 'damaged settings', 'damaged bytes', 'a pipe']);
  return {
    kind: 'agents',
    what,
    make(folder, out) {
      const own = copyOf(good.agents, folder, 'agents');
      const [settings, weights] = [join(own, 'run.json'), join(own, 'agents.safetensors')];
      const run = JSON.parse(readFileSync(settings, 'utf8')) as { config: Record<string, unknown> };
      if (what in AGENTS) AGENTS[what](run.config);
      json(settings, what === 'damaged settings' ? damagedJson(run, random) : run);
      if (what === 'damaged bytes') writeFileSync(weights, damaged(readFileSync(weights), random));
      if (what === 'a pipe') {
        rmSync(weights);
        execFileSync('mkfifo', [weights]);
      }
      return ways(own, out, random);
    },
  };
};
