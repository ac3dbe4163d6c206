'use strict';

// Writes dist/index.mjs and its declarations: the same names as dist/index.js exports, read from that file itself.

const fs = require('node:fs');
const path = require('node:path');
const { runCommand } = require('./run-command');

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Names that the CommonJS module exports, asked in a process of its own: loading it loads libtorch. */
async function exportedNames(file) {
  const question = `process.stdout.write(JSON.stringify(Object.keys(require(${JSON.stringify(file)}))))`;
  const { code, stdout, stderr } = await runCommand(process.execPath, ['-e', question]);
  if (code !== 0) throw new Error(`dist/index.js does not load: ${stderr.trim()}`);
  return JSON.parse(stdout).filter((name) => IDENTIFIER.test(name) && name !== 'default');
}

async function writeEsmWrapper(dist) {
  const names = (await exportedNames(path.join(dist, 'index.js'))).sort();
  const code = [
    '// Made by scripts/esm-wrapper.js from the exports of index.js.',
    "import required from './index.js';",
    '',
    ...names.map((name) => `export const ${name} = required.${name};`),
    'export default required;',
    '',
  ];
  const types = [
    "import * as required from './index.js';",
    "export * from './index.js';",
    'export default required;',
    '',
  ];
  fs.writeFileSync(path.join(dist, 'index.mjs'), code.join('\n'));
  fs.writeFileSync(path.join(dist, 'index.d.mts'), types.join('\n'));
}

module.exports = { writeEsmWrapper };
