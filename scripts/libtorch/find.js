'use strict';

// Finds libtorch, or fetches it, in the order that docs/setup.md states.

const path = require('node:path');
const { withLock } = require('../lock');
const { say } = require('../say');
const { fillFromArchive } = require('./archive');
const { addToCache, cacheFolder, findInCache, removeLeftovers } = require('./cache');
const { suggestFixes } = require('./fixes');
const { inspect } = require('./inspect');
const { findPip, fillByPip } = require('./pip');
const { askPython } = require('./python');

const VERSION = '2.13.0';

/** A lookup that found nothing usable: the message lists what was tried and the ways to mend it. */
class LibtorchError extends Error {
  constructor(tried, wanted, env) {
    const steps = tried.map(({ where, problem }) => `  ${where}: ${problem}`);
    const fixes = suggestFixes(tried, wanted, env).map((line) => `  - ${line}`);
    super(['no usable libtorch was found', ...steps, 'Ways to fix it:', ...fixes].join('\n'));
    this.name = 'LibtorchError';
  }
}

function wantedBuild(env) {
  return { version: VERSION, variant: env.SOO_TORCH_CUDA || 'cpu', cudaAsked: Boolean(env.SOO_TORCH_CUDA) };
}

const describe = (found, how, reason) => ({ path: found.path, version: found.version, cuda: found.cuda, how, reason });

function fromPython(python, wanted, tried, env) {
  const note = (problem, kind) =>
    void tried.push({ how: 'python', where: python?.executable ?? 'python', problem, kind });
  if (!python) return note('there is no Python', 'absent');
  if (!python.torch) return note('it has no torch', 'absent');
  const found = inspect(python.torch, env);
  if (!found.ok) return note(`torch in ${python.torch}: ${found.problem}`, found.kind);
  if (wanted.cudaAsked && !found.cuda) return note(`its torch ${found.version} is not a CUDA build`, 'variant');
  return describe(found, 'python', `the active Python (${python.executable}) has it, and the cache has none`);
}

async function fetchByPip(python, wanted, tried, env) {
  const note = (problem, kind) => void tried.push({ how: 'pip', where: 'pip', problem, kind });
  // A CUDA wheel alone lacks NVIDIA's libraries; the official CUDA archive has them.
  if (wanted.cudaAsked) return note('skipped: CUDA wheels come without the libraries they need', 'skipped');
  const pip = await findPip(python, env);
  if (!pip) return note('there is no pip', 'absent');
  try {
    const found = await addToCache(env, { how: 'pip' }, (folder) => fillByPip(folder, wanted.version, pip, env));
    return describe(found, 'pip', "pip's CPU wheel was fetched, as neither the cache nor Python had a libtorch");
  } catch (error) {
    return note(error.message, 'failed');
  }
}

async function fetchArchive(wanted, tried, env) {
  try {
    const fill = (folder) => fillFromArchive(folder, wanted.version, wanted.variant, env);
    const found = await addToCache(env, { how: 'archive' }, fill);
    return describe(found, 'archive', 'the official archive was fetched, as no other way gave a libtorch');
  } catch (error) {
    tried.push({ how: 'archive', where: 'official archive', problem: error.message, kind: 'failed' });
    return null;
  }
}

function fromCache(wanted, tried, env) {
  const found = findInCache(env, wanted);
  if (found) return describe(found, 'cache', `the cache has it${env.LIBTORCH ? '' : ', and LIBTORCH is not set'}`);
  tried.push({ how: 'cache', where: `cache ${cacheFolder(env)}`, problem: `it has no ${wanted.variant} libtorch` });
  return null;
}

/**
 * Looks for libtorch and, when `fetch` is true, fetches it where nothing is found.
 * Returns { path, version, cuda, how, reason }, how being 'LIBTORCH' | 'cache' | 'python' | 'pip' | 'archive'.
 * Throws LibtorchError.
 */
async function findLibtorch({ env = process.env, fetch = true } = {}) {
  const wanted = wantedBuild(env);
  const tried = [];
  if (env.LIBTORCH) {
    const found = inspect(env.LIBTORCH, env);
    if (found.ok) return describe(found, 'LIBTORCH', 'LIBTORCH is set to it');
    tried.push({ how: 'LIBTORCH', where: `LIBTORCH=${env.LIBTORCH}`, problem: found.problem, kind: found.kind });
    throw new LibtorchError(tried, wanted, env);
  }
  const cached = fromCache(wanted, tried, env);
  if (cached) return cached;
  const python = askPython(env);
  const installed = fromPython(python, wanted, tried, env);
  if (installed) return installed;
  if (!fetch) throw new LibtorchError(tried, wanted, env);
  return withLock(path.join(cacheFolder(env), '.lock'), 'fetching libtorch', async () => {
    removeLeftovers(env);
    // Another process may have fetched it while this one waited.
    const meanwhile = findInCache(env, wanted);
    if (meanwhile) return describe(meanwhile, 'cache', 'another process has just fetched it into the cache');
    const fetched = (await fetchByPip(python, wanted, tried, env)) ?? (await fetchArchive(wanted, tried, env));
    if (!fetched) throw new LibtorchError(tried, wanted, env);
    return fetched;
  });
}

function sayChoice({ version, path: folder, reason }) {
  say(`libtorch ${version} at ${folder} (${reason})`);
}

module.exports = { findLibtorch, sayChoice, LibtorchError };
