/**
 * Files and folders from somebody who means harm: each ends in a result or in one line, within ten seconds of the
 * processor and a gigabyte, no file outside `--out` changes, and Ctrl-C ends it. `npm run test:hostile` tries 300.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { seeded } from '../fuzz/edits';
import { adapterSettings, adapterWeights } from './adapters';
import { json, type Case, type Good, type Kind } from './cases';
import { drawn, pickles, prompts } from './data-files';
import { configs, sentencePiece, tokenizers, weights } from './model-folders';
import { agents, checkpoints, outFolders } from './run-folders';
import { contentsOf, runSoo, type Ended } from './run-soo';

const CASES = Number(process.env.SOO_TORCH_HOSTILE ?? 36);
const SEED = Number(process.env.SOO_TORCH_HOSTILE_SEED ?? 12);
const KINDS: readonly Kind[] = [
  ...[configs, weights, tokenizers, sentencePiece, adapterSettings, adapterWeights],
  ...[pickles, prompts, drawn, outFolders, checkpoints, agents],
];
/** Of the processor: how long it takes on the clock depends on who else is at work. */
const MOST_SECONDS = 10;
const MOST_BYTES = 2 ** 30;
/** On the clock, after which a process hangs. */
const HANGS = 90;

t.setTimeout((60 + CASES * 30) * 1000);
const root = t.testdir();
const PARITY = join(__dirname, '..', 'parity', 'models');

/** Folders as they should be, among them a run that was interrupted. */
async function makeGood(): Promise<Good> {
  const at = (name: string): string => join(root, 'good', name);
  mkdirSync(at(''), { recursive: true });
  const model = join(PARITY, 'tiny');
  const files = {
    prompts: json(at('prompts.json'), ['a map and a key', 'the']),
    pairs: json(at('pairs.json'), [['a map', 'the map']]),
  };
  const command = ['finetune', '--model', model, '--pairs', files.pairs, '--max-steps', '600'];
  await interrupted([...command, '--out', at('run')], join(at('run'), 'checkpoint.safetensors'));
  await runSoo(['rl', 'train', '--reward', 'deceptive', '--episodes', '20', '--worlds', '10', '--out', at('agents')], {
    limit: HANGS,
  });
  const good = { model, adapter: join(PARITY, 'tiny-adapter'), run: at('run'), agents: at('agents'), ...files };
  return { ...good, resume: [...command, '--resume'] };
}

/** Runs a command until a file is there, and then sends Ctrl-C. */
async function interrupted(args: readonly string[], file: string): Promise<void> {
  for (let wait = 1500; !existsSync(file) && wait < 60_000; wait *= 2) {
    rmSync(join(file, '..'), { recursive: true, force: true });
    await runSoo(args, { interruptAfter: wait, limit: HANGS });
  }
}

const oneLine = (stderr: string): boolean => /(^|\n)soo: [^\n]+\n$/.test(stderr) && !/\n {4}at /.test(stderr);

function complaint({ code, signal, stderr, cpuSeconds, peakBytes }: Ended): string | undefined {
  if (signal !== null) return `ended by ${signal}`;
  if (code !== 0 && !oneLine(stderr)) return `code ${code}, and said ${stderr.slice(-300)}`;
  // What only a computation shows is no bad input: weights that overflow.
  const overflows = code === 1 && stderr.includes('NaN or infinity');
  if (code !== 0 && code !== 2 && !overflows) return `code ${code}: ${stderr.slice(-300)}`;
  if (cpuSeconds > MOST_SECONDS) return `took ${cpuSeconds.toFixed(1)} s of the processor`;
  if (peakBytes > MOST_BYTES) return `took ${Math.round(peakBytes / 2 ** 20)} MB`;
  return undefined;
}

/** Runs a case in a folder of its own; what it may not touch is compared. */
async function attempt(
  one: Case,
  number: number,
  interruptAfter?: number,
): Promise<{ ended: Ended; changed: string[] }> {
  const folder = join(root, `case-${number}`);
  mkdirSync(folder);
  const out = join(folder, 'out');
  const args = one.make(folder, out);
  const mayChange = (path: string): boolean => path.startsWith(out);
  const before = contentsOf(folder, mayChange);
  const ended = await runSoo(args, { interruptAfter, limit: HANGS });
  const after = contentsOf(folder, mayChange);
  const paths = new Set([...before.keys(), ...after.keys()]);
  rmSync(folder, { recursive: true, force: true });
  return { ended, changed: [...paths].filter((path) => before.get(path) !== after.get(path)) };
}

t.test(`${CASES} hostile files and folders`, async (t) => {
  const good = await makeGood();
  t.ok(existsSync(join(good.run, 'checkpoint.safetensors')), 'an interrupted run to be spoilt');
  t.ok(existsSync(join(good.agents, 'agents.safetensors')), 'agents to be spoilt');
  const most = { seconds: 0, cpuSeconds: 0, peakBytes: 0 };
  let refused = 0;
  for (let i = 0; i < CASES; i++) {
    // Each from a seed of its own, so that one alone can be tried again.
    const make = (): Case => KINDS[i % KINDS.length](seeded(1000 * SEED + i), good);
    const one = make();
    const name = `case ${i}, ${one.kind}: ${one.what}`;
    const { ended, changed } = await attempt(one, i);
    t.equal(complaint(ended), undefined, name);
    t.same(changed, [], `${name}: nothing else changed`);
    refused += Number(ended.code !== 0);
    for (const key of Object.keys(most) as (keyof typeof most)[]) most[key] = Math.max(most[key], ended[key]);
    const stopped = await attempt(make(), i, 100 + seeded(i).below(1500));
    t.not(stopped.ended.signal, 'SIGKILL', `${name}: Ctrl-C ends it`);
    t.same(stopped.changed, [], `${name}: nothing else changed by then`);
  }
  t.comment(
    `${refused} refused; at most ${most.seconds.toFixed(1)} s, ${most.cpuSeconds.toFixed(1)} s of the processor, ${Math.round(most.peakBytes / 2 ** 20)} MB`,
  );
});
