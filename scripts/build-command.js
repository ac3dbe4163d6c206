'use strict';

// The command that builds what is not built, in this kind of install. It goes past the package managers: `npm rebuild`
// and its like do nothing where scripts are switched off, and say that all went well.

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '..');

/** Under Yarn's Plug'n'Play a package may bear a path that only Node sees. */
function physical(folder) {
  return process.versions.pnp ? (require('pnpapi').resolveVirtual?.(folder) ?? folder) : folder;
}

const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** As one types it in the current folder. */
function buildCommand(cwd = process.cwd()) {
  if (!ROOT.split(path.sep).includes('node_modules')) return `npm --prefix ${quoted(ROOT)} run build`;
  const node = process.versions.pnp ? 'yarn node' : 'node';
  // What npm, pnpm, yarn and bun put into the project is a link as often as a folder.
  const linked = path.join('node_modules', 'soo-torch');
  const isThere = fs.existsSync(linked) && fs.realpathSync(linked) === fs.realpathSync(ROOT);
  const inside = path.relative(cwd, physical(ROOT));
  const folder = isThere ? linked : inside.startsWith('..') ? physical(ROOT) : inside;
  return `${node} ${quoted(path.join(folder, 'scripts', 'build-addon.js'))}`;
}

module.exports = { buildCommand };
