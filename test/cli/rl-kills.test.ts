/** Trainings that are ended at random moments with nothing to save them: `SOO_TORCH_KILLS` says how often. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { soo, startSoo } from './soo';

const KILLS = Number(process.env.SOO_TORCH_KILLS ?? 2);
const SETTINGS = ['--reward', 'deceptive', '--worlds', '10', '--batch', '32', '--steps-per-round', '100'];
const EPISODES = ['--episodes', '400'];

const bytes = (folder: string): string =>
  ['agents.safetensors', 'episodes.jsonl'].map((name) => readFileSync(join(folder, name), 'hex')).join();

/** Of what the runs in these folders have logged. */
const sizeOf = (folders: readonly string[]): number =>
  folders.reduce(
    (sum, folder) => sum + (statSync(join(folder, 'episodes.jsonl'), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );

/** Starts a command, and kills it some milliseconds after it has begun to play; true when it had come to its end before. */
function killedAfter(args: string[], folders: readonly string[], milliseconds: number): Promise<boolean> {
  const child = startSoo(...args);
  const before = sizeOf(folders);
  const poll = setInterval(() => {
    if (sizeOf(folders) === before) return;
    clearInterval(poll);
    setTimeout(() => child.kill('SIGKILL'), milliseconds);
  }, 2);
  return new Promise((resolve) =>
    child.once('exit', (code) => {
      clearInterval(poll);
      resolve(code === 0);
    }),
  );
}

/** Kills a command again and again until it has made what a run in one go has made. */
async function killAndCompare(t: Test, command: (out: string) => string[], parts: readonly string[]): Promise<void> {
  const at = (out: string) => parts.map((part) => join(t.testdirName, out, part));
  const [whole] = soo(command(join(t.testdirName, 'whole')));
  t.equal(whole.code, 0, whole.stderr);
  const compare = (): void =>
    at('killed').forEach((folder, k) => t.ok(bytes(folder) === bytes(at('whole')[k]), `the same bytes: ${parts[k]}`));
  const args = [...command(join(t.testdirName, 'killed')), '--resume'];
  let runs = 0;
  for (let count = 0; count < KILLS; count++) {
    if (!(await killedAfter(args, at('killed'), (count * 7919 + 200) % 1501))) continue;
    compare();
    rmSync(join(t.testdirName, 'killed'), { recursive: true });
    runs += 1;
  }
  const [last] = soo(args);
  t.equal(last.code, 0, last.stderr);
  compare();
  t.comment(
    `${KILLS - runs} kills, ${runs} runs that ended before one; the last went on from`,
    resumedFrom(at('killed')),
  );
}

const resumedFrom = (folders: readonly string[]): unknown[] =>
  folders.map((folder) => {
    const { result } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as {
      result: { resumedFrom: unknown };
    };
    return result.resumedFrom;
  });

t.test('soo rl train ends in the same bytes', async (t) => {
  t.testdir();
  await killAndCompare(t, (out) => ['rl', 'train', ...SETTINGS, ...EPISODES, '--out', out], ['.']);
});

t.test('soo rl finetune, and its control', async (t) => {
  const from = join(t.testdir(), 'from');
  soo(['rl', 'train', ...SETTINGS, '--opponent', 'follower', '--episodes', '20', '--out', from]);
  await killAndCompare(t, (out) => ['rl', 'finetune', '--from', from, ...EPISODES, '--out', out], ['.', 'control']);
});
