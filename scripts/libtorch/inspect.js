'use strict';

// Looks at a folder that claims to be libtorch and says whether it can be used, without loading anything.

const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { readElf } = require('./elf');

const OLDEST = [2, 11];
const NEWEST = [2, 14];
const BYPASS = 'SOO_TORCH_ANY_VERSION';
const LIBRARIES = ['libtorch.so', 'libtorch_cpu.so', 'libc10.so'];
const HEADERS = ['ATen/ATen.h', 'ATen/core/dispatch/Dispatcher.h', 'torch/library.h'];
// What every Linux brings along; not worth a search.
const SYSTEM = /^(libc|libm|libdl|librt|libpthread|libutil|libstdc\+\+|libgcc_s|ld-linux-[\w-]+)\.so/;

function readIfThere(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The version with its build tag ('2.13.0+cpu') where the folder tells it, else without; '' when it tells nothing. */
function readVersion(folder) {
  const archive = readIfThere(path.join(folder, 'build-version')).trim();
  if (archive) return archive;
  const wheel = /^__version__ = '([^']+)'/m.exec(readIfThere(path.join(folder, 'version.py')));
  if (wheel) return wheel[1];
  for (const header of ['torch/headeronly/version.h', 'torch/csrc/api/include/torch/version.h']) {
    const text = readIfThere(path.join(folder, 'include', header));
    const parts = ['MAJOR', 'MINOR', 'PATCH'].map((part) => new RegExp(`TORCH_VERSION_${part} (\\d+)`).exec(text)?.[1]);
    if (parts.every(Boolean)) return parts.join('.');
  }
  return '';
}

function isSupported(version) {
  const [major, minor] = version.split('.').map(Number);
  const order = (pair) => pair[0] * 1000 + pair[1];
  return order([major, minor]) >= order(OLDEST) && order([major, minor]) <= order(NEWEST);
}

let systemLibraries;
function inSystem(name) {
  systemLibraries ??= (() => {
    try {
      const listing = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      return new Set(listing.split('\n').map((line) => line.trim().split(' ')[0]));
    } catch {
      return new Set();
    }
  })();
  return systemLibraries.has(name);
}

/**
 * Names of libraries that loading libtorch would ask for and not find, each as [name, asked for by]. A name that one
 * library finds serves all others too: the dynamic loader goes by names of what it has loaded already.
 */
function findUnresolved(lib, env) {
  const starts = ['libtorch.so', 'libtorch_cpu.so', 'libtorch_cuda.so'].map((name) => path.join(lib, name));
  const queue = starts.filter((file) => fs.existsSync(file));
  const fromEnv = (env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean);
  const found = new Set(queue.map((file) => path.basename(file)));
  const missed = new Map();
  while (queue.length > 0) {
    const file = queue.shift();
    const { needed, runPath } = readElf(file);
    const here = path.dirname(file);
    const folders = [...runPath.map((entry) => entry.replace(/\$\{?ORIGIN\}?/g, here)), lib, ...fromEnv];
    for (const name of needed.filter((each) => !SYSTEM.test(each) && !found.has(each))) {
      const place = folders.map((folder) => path.join(folder, name)).find((each) => fs.existsSync(each));
      if (place) queue.push(path.resolve(place));
      if (place || inSystem(name)) found.add(name);
      else missed.set(name, path.basename(file));
    }
  }
  return [...missed].filter(([name]) => !found.has(name));
}

function describeUnresolved(unresolved, cuda) {
  const names = unresolved.map(([name]) => name);
  const list = names.slice(0, 4).join(', ') + (names.length > 4 ? ` and ${names.length - 4} more` : '');
  const cudaOnly = cuda && unresolved.every(([, by]) => /cuda|cu|nv/i.test(by));
  return cudaOnly
    ? `it is a CUDA build without NVIDIA's libraries beside it (${list} not found), which does not load`
    : `${unresolved[0][1]} needs ${list}, which is not found`;
}

/** The folder on the way to `place` that this user may not look into or read; null where all may be read. */
function unreadable(place) {
  const folder = path.dirname(place);
  const above = folder === place ? null : unreadable(folder);
  if (above) return above;
  try {
    const isFolder = fs.statSync(place).isDirectory();
    fs.accessSync(place, isFolder ? fs.constants.X_OK : fs.constants.R_OK);
    return null;
  } catch (error) {
    return error.code === 'EACCES' ? place : null;
  }
}

/** For a libtorch that another user's set-up has put where this one may not read; null where it may. */
function explainUnreadable(place) {
  const folder = unreadable(path.resolve(place));
  return folder && `this user may not read ${folder}`;
}

/**
 * Returns { ok: true, path, version, cuda } or { ok: false, path, kind, problem, version? }, where kind is one of
 * 'missing' | 'unreadable' | 'broken' | 'arch' | 'version' | 'libraries' and problem is a clause such as "it has no lib/libtorch.so".
 */
function inspect(folder, env = process.env) {
  const root = path.resolve(folder);
  const fail = (kind, problem, more) => ({ ok: false, path: root, kind, problem, ...more });
  const hidden = explainUnreadable(path.join(root, 'lib', LIBRARIES[0]));
  if (hidden) return fail('unreadable', hidden);
  if (!fs.existsSync(root)) return fail('missing', 'there is no such folder');
  const lib = path.join(root, 'lib');
  const wanted = [...LIBRARIES.map((name) => `lib/${name}`), ...HEADERS.map((name) => `include/${name}`)];
  const absent = wanted.find((name) => !fs.existsSync(path.join(root, name)));
  if (absent) return fail('missing', `it has no ${absent}`);
  const version = readVersion(root);
  if (!version) return fail('broken', 'it does not tell its version (no build-version, version.py or version.h)');
  if (!isSupported(version) && !env[BYPASS]) {
    const range = `${OLDEST.join('.')} to ${NEWEST.join('.')}`;
    return fail('version', `its version is ${version}, and ${range} are supported`, { version });
  }
  const cuda = fs.existsSync(path.join(lib, 'libtorch_cuda.so'));
  try {
    const { arch } = readElf(path.join(lib, 'libtorch_cpu.so'));
    if (arch !== process.arch) return fail('arch', `it is built for ${arch}, and this Node is ${process.arch}`);
    const unresolved = findUnresolved(lib, env);
    if (unresolved.length > 0) return fail('libraries', describeUnresolved(unresolved, cuda), { version, cuda });
  } catch (error) {
    return fail('broken', `its libraries cannot be read: ${error.message}`);
  }
  return { ok: true, path: root, version, cuda };
}

module.exports = { inspect, explainUnreadable, BYPASS };
