'use strict';

// Builds native/cuda/ into libraries beside the addon where libtorch is one for CUDA, each where what it needs is there;
// else takes away what was built before, and says what is left out. The addon finds them loaded, or does without.

const fs = require('node:fs');
const path = require('node:path');
const { hasCommand } = require('./build-tools');
const { PARTS } = require('./cuda-parts');
const { runCommand } = require('./run-command');
const { say } = require('./say');

const ROOT = path.resolve(__dirname, '..');
const sources = (...names) => names.map((name) => path.join(ROOT, 'native', 'cuda', name));

/** Folders of NVIDIA's headers: of the packages beside Python's torch, and of the toolkit. */
function headerFolders(libtorch) {
  const packages = path.join(libtorch, '..', 'nvidia');
  const ofPackages = fs.existsSync(packages) ? fs.readdirSync(packages).map((name) => path.join(packages, name)) : [];
  const toolkits = [process.env.CUDA_HOME, '/usr/local/cuda'].filter(Boolean);
  return [...ofPackages, ...toolkits]
    .map((folder) => path.join(folder, 'include'))
    .filter((each) => fs.existsSync(each));
}

/** Why a part cannot be built; null where it can. */
function whyNot(part, folders) {
  if (part.nvcc) return hasCommand('nvcc') ? null : 'nvcc is not on the PATH';
  const missing = part.headers.find((name) => !folders.some((folder) => fs.existsSync(path.join(folder, name))));
  return missing === undefined ? null : `${missing} was found neither beside libtorch nor in CUDA's toolkit`;
}

/** Kernels for every generation that this nvcc knows; the runtime inside, so that they need none of one version. */
function nvccCommand(part, to) {
  const flags = ['-O3', '-std=c++17', '-shared', '-Xcompiler', '-fPIC', '-cudart', 'static', '-arch=all-major'];
  return ['nvcc', [...flags, '-I', path.join(ROOT, 'native'), '-o', to, ...sources(...part.sources)]];
}

/** Flags and definitions are those of CMakeLists.txt. */
function compilerCommand(part, to, libtorch, folders) {
  const flags = ['-O2', '-std=c++20', '-shared', '-fPIC', '-fvisibility=hidden', '-Wall', '-Wextra'];
  const defined = ['_GLIBCXX_USE_CXX11_ABI=1', ...(part.defines ?? [])].map((name) => `-D${name}`);
  const headers = [path.join(libtorch, 'include'), path.join(libtorch, 'include/torch/csrc/api/include'), ...folders];
  const libraries = ['torch_cuda', 'c10_cuda', 'torch_cpu', 'c10'].map((name) => `lib/lib${name}.so`);
  return [
    process.env.CXX || 'c++',
    [
      ...flags,
      ...defined,
      ...['-I', path.join(ROOT, 'native')],
      ...headers.flatMap((folder) => ['-isystem', folder]),
      ...['-o', to, ...sources(...part.sources)],
      ...libraries.map((name) => path.join(libtorch, name)),
    ],
  ];
}

/** Compiles a part to a file. Throws with the compiler's own words. */
async function compilePart(part, to, libtorch) {
  const command = part.nvcc ? nvccCommand(part, to) : compilerCommand(part, to, libtorch, headerFolders(libtorch));
  const { code, output } = await runCommand(...command);
  const told = output.trim().split('\n');
  if (code !== 0) throw new Error(`${command[0]} failed: ${told.find((line) => line.includes('error')) ?? told[0]}`);
}

/** Puts a part's library into a folder, or takes it away. Returns why it is left out; null where it is there. */
async function buildPart(part, folder, libtorch) {
  const library = path.join(folder, part.library);
  const aside = `${library}.${process.pid}`;
  try {
    const why = whyNot(part, headerFolders(libtorch));
    if (why) throw new Error(why);
    await compilePart(part, aside, libtorch);
    fs.renameSync(aside, library);
    return null;
  } catch (error) {
    for (const file of [aside, library]) fs.rmSync(file, { force: true });
    say(`addon: CUDA ${part.name} are left out, and ${part.without}: ${error.message}`);
    return error.message;
  }
}

/** Builds what can be built beside the addon. Returns, by name, why a part is left out, null for those that are there. */
async function buildCuda(folder, libtorch) {
  if (!libtorch.cuda) {
    for (const { library } of PARTS) fs.rmSync(path.join(folder, library), { force: true });
    return undefined;
  }
  const left = {};
  for (const part of PARTS) left[part.name] = await buildPart(part, folder, libtorch.path);
  return left;
}

module.exports = { buildCuda };
