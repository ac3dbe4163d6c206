'use strict';

// Builds native/cuda/*.cu into build/Release/soo_cuda.so where nvcc is and libtorch is one for CUDA; else takes away what
// was built before, and says what is left out. Nothing of it needs libtorch's headers: the addon calls plain C functions.

const fs = require('node:fs');
const path = require('node:path');
const { hasCommand } = require('./build-tools');
const { runCommand } = require('./run-command');
const { say } = require('./say');

const ROOT = path.resolve(__dirname, '..');
const LIBRARY = 'soo_cuda.so';

const cudaSources = () =>
  fs
    .readdirSync(path.join(ROOT, 'native', 'cuda'))
    .filter((name) => name.endsWith('.cu'))
    .map((name) => path.join(ROOT, 'native', 'cuda', name));

/** Compiles to a file. Throws with the compiler's own words. */
async function compileCuda(to) {
  // For every generation that this nvcc knows; the runtime inside, so that it needs none of one version.
  const flags = ['-O3', '-std=c++17', '-shared', '-Xcompiler', '-fPIC', '-cudart', 'static', '-arch=all-major'];
  const { code, output } = await runCommand('nvcc', [
    ...flags,
    '-I',
    path.join(ROOT, 'native'),
    '-o',
    to,
    ...cudaSources(),
  ]);
  if (code !== 0) throw new Error(`nvcc failed with code ${code}: ${output.trim().split('\n')[0]}`);
}

/** Puts the library into a folder beside the addon, or takes it away. An addon without it uses operators. */
async function buildCuda(folder, libtorch) {
  const library = path.join(folder, LIBRARY);
  const why = !libtorch.cuda ? undefined : hasCommand('nvcc') ? null : 'nvcc is not on the PATH';
  if (why !== null) {
    fs.rmSync(library, { force: true });
    if (why) say(`addon: CUDA kernels are left out, operators do their work: ${why}`);
    return false;
  }
  const aside = `${library}.${process.pid}`;
  try {
    await compileCuda(aside);
    fs.renameSync(aside, library);
    return true;
  } catch (error) {
    fs.rmSync(aside, { force: true });
    fs.rmSync(library, { force: true });
    say(`addon: CUDA kernels are left out, operators do their work: ${error.message}`);
    return false;
  }
}

module.exports = { buildCuda, compileCuda, LIBRARY };
