/**
 * Two processes on one folder, one after the other by some milliseconds: each ends as alone or is refused in one line,
 * and the folder holds the bytes of one run alone. SOO_TORCH_INTERLEAVINGS tries more.
 */
import { fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { seeded } from '../fuzz/edits';
import { tuneTiny } from './finetune-child';

const COUNT = Number(process.env.SOO_TORCH_INTERLEAVINGS ?? 3);
t.setTimeout((60 + 20 * COUNT) * 1000);

const logOf = (folder: string): object[] =>
  readFileSync(join(folder, 'steps.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...(JSON.parse(line) as object), ms: 0 }));
const bytesOf = (folder: string): string => readFileSync(join(folder, 'adapter_model.safetensors'), 'hex');

/** Starts a run that goes on with what is there; what it ended with. */
async function tuned(folder: string, after: number): Promise<{ code: number | null; stderr: string }> {
  await new Promise((done) => setTimeout(done, after));
  const execArgv = ['--import', join(__dirname, '..', 'typescript.mjs')];
  const child = fork(join(__dirname, 'finetune-child.ts'), [folder], {
    execArgv,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.on('data', (text) => (stderr += String(text)));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, stderr };
}

t.test(`${COUNT} interleavings of two processes on one folder`, async (t) => {
  const [whole, both] = [join(t.testdir(), 'whole'), join(t.testdirName, 'both')];
  await tuneTiny(whole);
  const random = seeded(Number(process.env.SOO_TORCH_SEED ?? 5));
  let refused = 0;
  for (let i = 0; i < COUNT; i++) {
    const folder = `${both}-${i}`;
    const ended = await Promise.all([tuned(folder, random.below(300)), tuned(folder, random.below(300))]);
    for (const { code, stderr } of ended) {
      if (code === 0) continue;
      refused++;
      t.match(
        stderr,
        /InputError: [^\n]*both-\d+: process \d+ is writing there; wait for it, or choose another place\n/,
      );
    }
    t.ok(
      ended.some(({ code }) => code === 0),
      `${i}: one came to its end`,
    );
    t.ok(bytesOf(folder) === bytesOf(whole), `${i}: the same adapter as alone`);
    t.strictSame(logOf(folder), logOf(whole), `${i}: the same log as alone`);
    t.notOk(readdirSync(folder).includes('.soo-lock'), `${i}: the lock is gone`);
  }
  t.comment(`${refused} of ${2 * COUNT} were refused`);
});

t.test('two runs of one process on one folder: the second is refused', async (t) => {
  const folder = join(t.testdir(), 'run');
  const [first, second] = await Promise.allSettled([tuneTiny(folder), tuneTiny(folder, { resume: true })]);
  t.equal(first.status, 'fulfilled');
  t.match(second, {
    status: 'rejected',
    reason: { name: 'InputError', message: /this process \(\d+\) is writing there/ },
  });
  t.same(logOf(folder).length, 84);
});
