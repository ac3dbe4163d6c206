'use strict';

// The cache of fetched libtorchs: one folder each, `libtorch-2.13.0+cpu/{lib,include,build-version,origin.json}`.
// A folder appears there only when it is complete: it is filled aside, inspected, and then renamed.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { onExit } = require('../on-exit');
const { inspect } = require('./inspect');

const PARTIAL = /^\.partial-\d+-/;

function cacheFolder(env = process.env) {
  if (env.SOO_TORCH_CACHE) return path.resolve(env.SOO_TORCH_CACHE);
  const base = env.XDG_CACHE_HOME || path.join(env.HOME || os.homedir(), '.cache');
  return path.join(base, 'soo-torch');
}

function variantOf(version) {
  return version.split('+')[1] ?? 'cpu';
}

function list(folder) {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

/** The usable libtorch of this variant ('cpu', 'cu126'): the wanted version before others, newer before older. */
function findInCache(env, { version, variant }) {
  const rank = (found) => [found.version.startsWith(version) ? 1 : 0, ...found.version.split(/[.+]/).map(Number)];
  const later = (a, b) => {
    const [left, right] = [rank(a), rank(b)];
    const at = left.findIndex((value, index) => value !== right[index]);
    return at < 0 ? 0 : right[at] - left[at];
  };
  return (
    list(cacheFolder(env))
      .filter((name) => name.startsWith('libtorch-'))
      .map((name) => inspect(path.join(cacheFolder(env), name), env))
      .filter((found) => found.ok && variantOf(found.version) === variant)
      .sort(later)[0] ?? null
  );
}

/** Removes what killed processes left half-done; call it only while holding the cache's lock: nobody else fills it. */
function removeLeftovers(env) {
  for (const name of list(cacheFolder(env))) {
    if (PARTIAL.test(name)) fs.rmSync(path.join(cacheFolder(env), name), { recursive: true, force: true });
  }
}

/**
 * Gives `fill(folder)` an empty folder inside the cache; what it leaves in `folder/libtorch` is inspected and moved
 * into place. Whatever happens, the folder is gone afterwards. Returns the inspected libtorch, or throws.
 */
async function addToCache(env, origin, fill) {
  const cache = cacheFolder(env);
  fs.mkdirSync(cache, { recursive: true });
  const partial = fs.mkdtempSync(path.join(cache, `.partial-${process.pid}-`));
  const remove = () => fs.rmSync(partial, { recursive: true, force: true });
  const forget = onExit(remove);
  try {
    const details = await fill(partial);
    const found = inspect(path.join(partial, 'libtorch'), env);
    if (!found.ok) throw new Error(found.problem);
    const record = { version: found.version, ...origin, ...details };
    fs.writeFileSync(path.join(found.path, 'origin.json'), `${JSON.stringify(record, null, 2)}\n`);
    const place = path.join(cache, `libtorch-${found.version}`);
    fs.rmSync(place, { recursive: true, force: true });
    fs.renameSync(found.path, place);
    return { ...found, path: place };
  } finally {
    forget();
    remove();
  }
}

module.exports = { cacheFolder, findInCache, addToCache, removeLeftovers, variantOf };
