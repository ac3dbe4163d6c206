'use strict';

// A built checkout of another commit, in a temporary folder.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { onExit } = require('../on-exit');
const { missingDependencies, ROOT } = require('../ready');
const { runCommand } = require('../run-command');

const git = (...args) => execFileSync('git', ['-C', ROOT, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });

/** Takes what it can from this checkout: npm packages of the same versions, and the addon, which knows its sources. */
function lend(folder) {
  const modules = path.join(folder, 'node_modules');
  fs.symlinkSync(path.join(ROOT, 'node_modules'), modules);
  if (missingDependencies(folder).length > 0) fs.unlinkSync(modules);
  const build = path.join(ROOT, 'build');
  for (const name of ['Release', 'libtorch.json']) {
    if (!fs.existsSync(path.join(build, name))) return;
    fs.cpSync(path.join(build, name), path.join(folder, 'build', name), { recursive: true });
  }
}

/** Resolves to what `work` makes of the folder, which is gone afterwards. */
async function withCheckout(ref, work) {
  const folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'soo-golden-')), 'checkout');
  const remove = () => {
    fs.rmSync(path.dirname(folder), { recursive: true, force: true });
    git('worktree', 'prune');
  };
  const forget = onExit(remove);
  try {
    git('worktree', 'add', '--detach', folder, ref);
    lend(folder);
    const built = await runCommand(process.execPath, ['scripts/build.js'], { cwd: folder });
    if (built.code !== 0) throw new Error(`${ref} does not build: ${built.output.trim()}`);
    return await work(folder);
  } finally {
    remove();
    forget();
  }
}

module.exports = { withCheckout };
