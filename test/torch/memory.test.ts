import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';

// Some of the loops of memory-child.ts: `npm run test:memory` runs them all, five times as long. Each of these once
// reached 1.9 GB and would have gone on.

const ROOT = join(__dirname, '../..');
const TYPESCRIPT = ['--import', './test/typescript.mjs'];

for (const loop of ['sigmoid', 'a loss without backward', 'a hook']) {
  t.test(`${loop}: 100 results of 16 MB that no scope frees stay under a gigabyte`, async (t) => {
    const args = [...TYPESCRIPT, join(__dirname, 'memory-child.ts'), loop, '100'];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
    const megabytes = Number(stdout);
    t.ok(megabytes > 0 && megabytes < 1000, `${megabytes} MB ${stderr}`);
  });
}

t.test('where memory does not suffice garbage goes first, and then the error says what was asked', async (t) => {
  // The child's address space has a limit, which is how little memory looks like on Linux.
  const limit = 3_500_000;
  const args = [process.execPath, ...TYPESCRIPT, join(__dirname, 'little-memory-child.ts'), String(limit * 1024)];
  const command = `ulimit -v ${limit}; exec "$@"`;
  const { stdout, stderr } = spawnSync('sh', ['-c', command, 'sh', ...args], { cwd: ROOT, encoding: 'utf8' });
  t.equal(stderr, '');
  const told = JSON.parse(stdout) as Record<string, { code?: string; message: string } | string>;
  t.equal(told.operator, 'done', 'an operator');
  t.equal(told.typedArray, 'done', 'data from JavaScript');
  t.equal(told.argument, 'done', 'what an operator reads is no garbage');
  t.match(told.tooMuch, {
    code: 'ERR_OUT_OF_MEMORY',
    message: /^empty \(size: \[\d+\]\): .*you tried to allocate \d+ bytes/,
  });
});
