import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { libtorchArchive } from './fake-libtorch';
import { writePython, type FakePython } from './fake-python';

const FIND = path.resolve(__dirname, '../../scripts/libtorch/find.js');
const RUN = `require(${JSON.stringify(FIND)}).findLibtorch().then((found) => console.log(found.how), (error) => {
  console.error(error.message);
  process.exitCode = 1;
})`;

interface Lookup {
  child: ChildProcess;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** The lookup in a process of its own, so that it can be interrupted. */
function lookUp(root: string, python: FakePython): Lookup {
  const env = {
    PATH: process.env.PATH,
    HOME: root,
    SOO_TORCH_CACHE: path.join(root, 'cache'),
    PYTHON: writePython(path.join(root, 'python'), python),
    SOO_TORCH_ARCHIVE_URL: 'http://127.0.0.1:9/libtorch.zip',
  };
  const child = spawn(process.execPath, ['-e', RUN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (text) => (stdout += text));
  child.stderr?.on('data', (text) => (stderr += text));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, ended };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const start = Date.now(); !holds(); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (Date.now() - start > 10_000) throw new Error(`waited too long until ${what}`);
  }
}

function contents(cache: string): string[] {
  return existsSync(cache) ? readdirSync(cache) : [];
}

/** Waits until pip has written half a wheel. */
async function halfWay(cache: string): Promise<void> {
  const hasHalf = (name: string) => existsSync(path.join(cache, name, 'wheels', 'torch-half.whl'));
  await until('the download is half done', () => contents(cache).some(hasHalf));
}

t.test('an interrupted download leaves nothing, and pip ends with it', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const root = t.testdir();
    const cache = path.join(root, 'cache');
    const { child, ended } = lookUp(root, { hangs: true });
    await halfWay(cache);
    child.kill(signal);
    t.equal((await ended).code, signal === 'SIGINT' ? 130 : 143);
    t.same(contents(cache), [], `${signal}: the cache is empty`);
  }
});

t.test('what kill -9 leaves is no libtorch, and the next run sweeps it away', async (t) => {
  const root = t.testdir();
  const cache = path.join(root, 'cache');
  const { child, ended } = lookUp(root, { hangs: true });
  await halfWay(cache);
  child.kill('SIGKILL');
  await ended;
  t.ok(contents(cache).some((name) => name.startsWith('.partial-')));
  t.ok(contents(cache).includes('.lock'));
  const wheel = path.join(root, 'torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl');
  writeFileSync(wheel, libtorchArchive('torch'));
  const { code, stdout } = await lookUp(root, { wheel }).ended;
  t.match({ code, stdout }, { code: 0, stdout: 'pip\n' });
  t.same(contents(cache), ['libtorch-2.13.0+cpu']);
});

t.test('two lookups at once fetch once', async (t) => {
  const root = t.testdir();
  mkdirSync(path.join(root, 'python'));
  const wheel = path.join(root, 'torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl');
  writeFileSync(wheel, libtorchArchive('torch'));
  const both = await Promise.all([lookUp(root, { wheel }).ended, lookUp(root, { wheel }).ended]);
  t.same(
    both.map(({ code }) => code),
    [0, 0],
  );
  t.same(both.map(({ stdout }) => stdout.trim()).sort(), ['cache', 'pip']);
  t.equal(
    readFileSync(path.join(root, 'python', 'pip.log'), 'utf8')
      .trim()
      .split('\n').length,
    1,
  );
});
