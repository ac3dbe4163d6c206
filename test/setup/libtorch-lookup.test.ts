import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { findLibtorch } from '../../scripts/libtorch/find';
import { libtorchArchive, writeLibtorch } from './fake-libtorch';
import { writePython, type FakePython } from './fake-python';

/** A machine of its own: an empty cache, a Python as described, and nothing on the network. */
function machine(root: string, python: FakePython = {}) {
  const cache = path.join(root, 'cache');
  const env: NodeJS.ProcessEnv = {
    PATH: path.join(root, 'nothing'),
    HOME: root,
    SOO_TORCH_CACHE: cache,
    PYTHON: writePython(path.join(root, 'python'), python),
    SOO_TORCH_ARCHIVE_URL: 'http://127.0.0.1:9/libtorch.zip',
  };
  const pipCalls = (): string[][] => {
    const log = path.join(root, 'python', 'pip.log');
    return existsSync(log)
      ? readFileSync(log, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [];
  };
  return { root, cache, env, pipCalls };
}

function wheelIn(root: string, version = '2.13.0+cpu'): string {
  const wheel = path.join(root, `torch-${version}-cp311-cp311-manylinux_2_28_x86_64.whl`);
  writeFileSync(wheel, libtorchArchive('torch', { version }));
  return wheel;
}

t.test('LIBTORCH comes first, and a bad one is not passed over', async (t) => {
  const { root, cache, env } = machine(t.testdir());
  const own = writeLibtorch(path.join(root, 'own'), { version: '2.12.0+cpu' });
  writeLibtorch(path.join(cache, 'libtorch-2.13.0+cpu'));
  t.match(await findLibtorch({ env: { ...env, LIBTORCH: own } }), {
    path: own,
    version: '2.12.0+cpu',
    how: 'LIBTORCH',
  });
  const bad = findLibtorch({ env: { ...env, LIBTORCH: path.join(root, 'nowhere') } });
  await t.rejects(bad, { message: /LIBTORCH=.*nowhere: there is no such folder\nWays to fix it:[^]*unset LIBTORCH/ });
  const old = writeLibtorch(path.join(root, 'old'), { version: '2.1.0' });
  await t.rejects(findLibtorch({ env: { ...env, LIBTORCH: old } }), { message: /SOO_TORCH_ANY_VERSION=1/ });
});

t.test('the cache comes before Python: the wanted version, then the newest, never CUDA unasked', async (t) => {
  const torch = writeLibtorch(path.join(t.testdir(), 'torch'), { version: '2.14.0+cpu' });
  const { cache, env } = machine(path.dirname(torch), { torch });
  writeLibtorch(path.join(cache, 'libtorch-2.13.0+cu126'), { version: '2.13.0+cu126', cudaNeeds: [] });
  t.match(await findLibtorch({ env }), { how: 'python', version: '2.14.0+cpu' });
  t.match(await findLibtorch({ env: { ...env, SOO_TORCH_CUDA: 'cu126' } }), { how: 'cache', cuda: true });
  writeLibtorch(path.join(cache, 'libtorch-2.9.0+cpu'), { version: '2.9.0+cpu' });
  t.match(await findLibtorch({ env }), { how: 'python' }, 'an unsupported version in the cache does not count');
  for (const version of ['2.11.2+cpu', '2.14.0+cpu'])
    writeLibtorch(path.join(cache, `libtorch-${version}`), { version });
  t.match(await findLibtorch({ env }), { how: 'cache', version: '2.14.0+cpu' });
  writeLibtorch(path.join(cache, 'libtorch-2.13.0+cpu'));
  t.match(await findLibtorch({ env }), { how: 'cache', version: '2.13.0+cpu', reason: /the cache has it/ });
});

t.test("the cache is in the user's cache folder unless SOO_TORCH_CACHE says otherwise", async (t) => {
  const { root, env } = machine(t.testdir());
  delete env.SOO_TORCH_CACHE;
  const place = writeLibtorch(path.join(root, '.cache/soo-torch/libtorch-2.13.0+cpu'));
  t.match(await findLibtorch({ env }), { path: place, how: 'cache' });
  const moved = writeLibtorch(path.join(root, 'xdg/soo-torch/libtorch-2.13.0+cpu'));
  t.match(await findLibtorch({ env: { ...env, XDG_CACHE_HOME: path.join(root, 'xdg') } }), { path: moved });
});

t.test("the active Python's torch is used where it lies, and pip is not asked", async (t) => {
  const torch = writeLibtorch(path.join(t.testdir(), 'site-packages/torch'), {
    version: '2.13.0+cu126',
    cudaNeeds: [],
  });
  const { env, pipCalls } = machine(path.join(path.dirname(torch), '..'), { torch });
  t.match(await findLibtorch({ env }), { path: torch, how: 'python', cuda: true, reason: /the active Python/ });
  t.same(pipCalls(), []);
});

t.test('a CUDA torch without its libraries is passed over for the CPU wheel', async (t) => {
  const root = t.testdir();
  const torch = writeLibtorch(path.join(root, 'torch'), {
    version: '2.13.0+cu126',
    cudaNeeds: ['libcudart-fake.so.12'],
  });
  const { env } = machine(root, { torch, wheel: wheelIn(root) });
  t.match(await findLibtorch({ env }), { how: 'pip', version: '2.13.0+cpu', cuda: false });
});

t.test("pip's CPU wheel is unpacked into the cache, only what is needed, and never fetched twice", async (t) => {
  const root = t.testdir();
  const { cache, env, pipCalls } = machine(root, { wheel: wheelIn(root) });
  const found = await findLibtorch({ env });
  t.match(found, { how: 'pip', path: path.join(cache, 'libtorch-2.13.0+cpu'), version: '2.13.0+cpu' });
  t.same(readdirSync(cache), ['libtorch-2.13.0+cpu'], 'nothing else is left in the cache');
  t.same(readdirSync(path.join(found.path, 'lib')).sort(), ['libc10.so', 'libtorch.so', 'libtorch_cpu.so']);
  t.notOk(existsSync(path.join(found.path, 'nn')), "Python's part is left out");
  t.match(JSON.parse(readFileSync(path.join(found.path, 'origin.json'), 'utf8')), {
    version: '2.13.0+cpu',
    how: 'pip',
  });
  t.match(pipCalls(), [['download', 'torch==2.13.0+cpu', '--no-deps']]);
  t.match(await findLibtorch({ env }), { how: 'cache' });
  t.equal(pipCalls().length, 1);
});

t.test("PyTorch's own CPU index is asked when pip's sources have nothing", async (t) => {
  const root = t.testdir();
  const { env, pipCalls } = machine(root, { wheel: wheelIn(root), onlyFromIndex: true });
  t.match(await findLibtorch({ env }), { how: 'pip' });
  const [first, second] = pipCalls();
  t.notOk(first?.includes('--index-url'));
  t.match(second?.at(-1), /^https:.*\/whl\/cpu$/);
});

t.test('without any way out the message tells what was tried and what fits', async (t) => {
  const { cache, env } = machine(t.testdir());
  const error = await findLibtorch({ env }).then(
    () => t.fail('it should not be found'),
    (thrown: Error) => thrown,
  );
  const message = (error as Error).message;
  t.match(message, /no usable libtorch was found\n/);
  t.match(message, /cache .*: it has no cpu libtorch/);
  t.match(message, /python3: it has no torch/);
  t.match(message, /pip: pip's configured sources: No matching distribution found for torch==2\.13\.0\+cpu; /);
  t.match(message, /official archive: http:\/\/127\.0\.0\.1:9\/libtorch\.zip: /);
  t.match(message, /Ways to fix it:\n[^]*set LIBTORCH to its libtorch folder/);
  t.notMatch(message, /install Python with pip/, 'pip is there');
  t.same(readdirSync(cache), []);
});

t.test('without pip the message says how to get it', async (t) => {
  const { env } = machine(t.testdir(), { pip: false });
  await t.rejects(findLibtorch({ env }), { message: /pip: there is no pip[^]*apt-get install python3-pip/ });
  const noPython = { ...env, PYTHON: '/no/python' };
  await t.rejects(findLibtorch({ env: noPython }), { message: /python: there is no Python/ });
});

t.test('looking without fetching asks neither pip nor the network', async (t) => {
  const root = t.testdir();
  const { env, pipCalls } = machine(root, { wheel: wheelIn(root) });
  await t.rejects(findLibtorch({ env, fetch: false }));
  t.same(pipCalls(), []);
});
