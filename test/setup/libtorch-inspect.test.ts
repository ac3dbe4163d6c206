import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { inspect } from '../../scripts/libtorch/inspect';
import { fakeElf, writeLibtorch, type FakeLibtorch } from './fake-libtorch';

function problemOf(folder: string, env: NodeJS.ProcessEnv = {}): string {
  const found = inspect(folder, env);
  return found.ok ? 'none' : `${found.kind}: ${found.problem}`;
}

function libtorch(test: Pick<typeof t, 'testdir'>, options?: FakeLibtorch): string {
  return writeLibtorch(path.join(test.testdir(), 'libtorch'), options);
}

t.test('a whole libtorch is taken, with its version', async (t) => {
  t.match(inspect(libtorch(t), {}), { ok: true, version: '2.13.0+cpu', cuda: false });
});

t.test('the version comes from version.py or the headers where there is no build-version', async (t) => {
  const folder = libtorch(t);
  rmSync(path.join(folder, 'build-version'));
  t.match(problemOf(folder), /^broken: it does not tell its version/);
  mkdirSync(path.join(folder, 'include/torch/headeronly'));
  const header = '#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 12\n#define TORCH_VERSION_PATCH 1\n';
  writeFileSync(path.join(folder, 'include/torch/headeronly/version.h'), header);
  t.match(inspect(folder, {}), { version: '2.12.1' });
  writeFileSync(path.join(folder, 'version.py'), "__version__ = '2.14.0+cu126'\n");
  t.match(inspect(folder, {}), { version: '2.14.0+cu126' });
});

t.test('what is missing is named', async (t) => {
  t.equal(problemOf('/no/such/place'), 'missing: there is no such folder');
  const folder = libtorch(t);
  rmSync(path.join(folder, 'include/torch/library.h'));
  t.equal(problemOf(folder), 'missing: it has no include/torch/library.h');
});

t.test('versions 2.11 to 2.14, unless the bypass is set', async (t) => {
  for (const version of ['2.11.0', '2.12.1+cpu', '2.14.3+cu130'])
    t.match(inspect(libtorch(t, { version }), {}), { ok: true });
  for (const version of ['2.10.2+cpu', '2.15.0', '1.13.1', '3.11.0']) {
    const folder = libtorch(t, { version });
    t.equal(problemOf(folder), `version: its version is ${version}, and 2.11 to 2.14 are supported`);
    t.match(inspect(folder, { SOO_TORCH_ANY_VERSION: '1' }), { ok: true, version });
  }
});

t.test('a CUDA build without NVIDIA libraries is refused, and taken with them', async (t) => {
  const folder = libtorch(t, { version: '2.13.0+cu126', cudaNeeds: ['libcudart-fake.so.12', 'libcudnn-fake.so.9'] });
  const refusal =
    /^libraries: it is a CUDA build without NVIDIA's libraries.*libcudart-fake\.so\.12, libcudnn-fake\.so\.9/;
  t.match(problemOf(folder), refusal);
  const beside = path.join(folder, '../nvidia/lib');
  mkdirSync(beside, { recursive: true });
  writeFileSync(path.join(beside, 'libcudart-fake.so.12'), fakeElf());
  t.match(problemOf(folder), /libcudnn-fake\.so\.9 not found/, 'one of two is not enough');
  writeFileSync(path.join(beside, 'libcudnn-fake.so.9'), fakeElf());
  t.match(inspect(folder, {}), { ok: true, cuda: true });
});

t.test('LD_LIBRARY_PATH counts, and what is found is followed', async (t) => {
  const root = t.testdir({ more: {} });
  const folder = writeLibtorch(path.join(root, 'libtorch'), { cudaNeeds: ['libcudart-fake.so.12'] });
  const more = path.join(root, 'more');
  writeFileSync(path.join(more, 'libcudart-fake.so.12'), fakeElf(['libdeeper-fake.so.1']));
  t.match(problemOf(folder, { LD_LIBRARY_PATH: more }), /libdeeper-fake\.so\.1/);
  writeFileSync(path.join(more, 'libdeeper-fake.so.1'), fakeElf());
  t.match(inspect(folder, { LD_LIBRARY_PATH: more }), { ok: true, cuda: true });
});

t.test('a missing library of a CPU build is named with the one that needs it', async (t) => {
  const folder = libtorch(t);
  writeFileSync(path.join(folder, 'lib/libtorch_cpu.so'), fakeElf(['libc10.so', 'libgomp-fake.so.1']));
  t.equal(problemOf(folder), 'libraries: libtorch_cpu.so needs libgomp-fake.so.1, which is not found');
});

t.test('libraries of another processor, cut short, or no libraries at all', async (t) => {
  t.match(problemOf(libtorch(t, { machine: 40 })), /^arch: it is built for unknown, and this Node is/);
  const folder = libtorch(t);
  writeFileSync(path.join(folder, 'lib/libtorch_cpu.so'), fakeElf(['libc10.so']).subarray(0, 100));
  t.match(problemOf(folder), /^broken: its libraries cannot be read: the file is cut short/);
  writeFileSync(path.join(folder, 'lib/libtorch_cpu.so'), Buffer.alloc(200, 'x'));
  t.match(problemOf(folder), /^broken: .*no ELF header/);
});

t.test('a library that another one finds is there for all', async (t) => {
  const root = t.testdir();
  const folder = writeLibtorch(path.join(root, 'libtorch'), {
    cudaNeeds: ['libcusolver-fake.so', 'libcublas-fake.so'],
  });
  const beside = path.join(root, 'nvidia/lib');
  mkdirSync(beside, { recursive: true });
  // It looks where the other is not; the other has been loaded by libtorch_cuda.so.
  writeFileSync(path.join(beside, 'libcusolver-fake.so'), fakeElf(['libcublas-fake.so'], { runPath: '/nowhere' }));
  writeFileSync(path.join(beside, 'libcublas-fake.so'), fakeElf());
  t.match(inspect(folder, {}), { ok: true, cuda: true });
});
