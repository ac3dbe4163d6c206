'use strict';

// Whether C++ is formatted as .clang-format says; `--write` formats it. clang-format itself takes no patterns.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const ROOT = path.resolve(__dirname, '..');
const FOLDERS = ['native', 'test/native'].map((name) => path.join(ROOT, name));

const sources = FOLDERS.flatMap((folder) =>
  fs.readdirSync(folder, { recursive: true }).map((name) => path.join(folder, String(name))),
).filter((name) => /\.(cc|h|c)$/.test(name));
const flags = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '--Werror'];
const tool = require.resolve('clang-format-node/build/cli.js', { paths: [ROOT] });
const { status } = spawnSync(process.execPath, [tool, ...flags, ...sources], { cwd: ROOT, stdio: 'inherit' });
process.exitCode = status ?? 1;
