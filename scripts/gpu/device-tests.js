'use strict';

// Runs test bodies as they are on the device that SOO_TEST_DEVICE names, several at a time, without tap's own runner:
// each file prints TAP by itself. Tells how many assertions passed, and of each failing file what failed.
//
//   node scripts/gpu/device-tests.js [--jobs N] [FOLDER ...]     folders below test/, or files
//
// SOO_GPU_TEST_SECONDS: what one file may take at most (90).

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { runCommand } = require('../run-command');

const ROOT = path.resolve(__dirname, '..', '..');
const FOLDERS = ['torch', 'nn', 'optim', 'models', 'peft', 'soo', 'rl'];
// Fill the memory of a machine, or measure it, and say nothing of a device.
const LEFT_OUT = /\/(soak|leaks|memory)\.test\.ts$/;
const SECONDS_PER_FILE = Number(process.env.SOO_GPU_TEST_SECONDS || 90);

function filesOf(names) {
  const filed = names.map((name) => path.join(ROOT, 'test', name));
  return filed.flatMap((place) => {
    if (place.endsWith('.ts')) return [place];
    const inside = fs.readdirSync(place).filter((name) => name.endsWith('.test.ts'));
    return inside.map((name) => path.join(place, name)).filter((file) => !LEFT_OUT.test(file));
  });
}

/** tap ends with a line such as `# { total: 26, pass: 25, fail: 1 }`. */
function countsIn(text) {
  const last = text.match(/^# \{ total: .*\}$/gm)?.at(-1) ?? '';
  const count = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(last)?.[1] ?? 0);
  return { pass: count('pass'), fail: count('fail'), skip: count('skip') };
}

async function runFile(file) {
  const args = ['--expose-gc', `--import=${path.join(ROOT, 'test', 'typescript.mjs')}`, file];
  // Without its runner tap ends a file after 30 seconds, unless it is told otherwise.
  const env = { ...process.env, TAP_TIMEOUT: String(SECONDS_PER_FILE) };
  const options = { cwd: ROOT, env, timeout: SECONDS_PER_FILE * 1000 };
  const { code, output } = await runCommand(process.execPath, args, options);
  const counts = countsIn(output);
  return { file: path.relative(path.join(ROOT, 'test'), file), ok: code === 0, code, output, ...counts };
}

function report({ file, code, output, pass, fail }) {
  process.stdout.write(`${file}: ${pass} passed, ${fail} failed, code ${code}\n`);
  const failures = output.split('\n').flatMap((line, at, lines) => {
    return /^\s*not ok/.test(line) ? lines.slice(at, at + 30) : [];
  });
  const shown = failures.length > 0 ? failures.slice(0, 120) : output.split('\n').slice(-30);
  process.stdout.write(`${shown.map((line) => `    ${line}`).join('\n')}\n`);
}

async function main() {
  const jobsDefault = String(Math.max(1, Math.min(8, os.availableParallelism())));
  const options = { jobs: { type: 'string', default: jobsDefault } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const queue = filesOf(positionals.length > 0 ? positionals : FOLDERS);
  const totals = { pass: 0, fail: 0, skip: 0 };
  const broken = [];
  const work = async () => {
    for (let file; (file = queue.shift());) {
      const result = await runFile(file);
      for (const name of Object.keys(totals)) totals[name] += result[name];
      if (result.ok) continue;
      report(result);
      broken.push(result.file);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  for (const name of Object.keys(totals)) {
    process.stdout.write(`${JSON.stringify({ name: `tests.${name}`, value: totals[name], unit: 'assertions' })}\n`);
  }
  process.stdout.write(`failing files: ${broken.join(', ') || 'none'}\n`);
  process.exitCode = broken.length > 0 ? 1 : 0;
}

main();
