'use strict';

// Runs test bodies as they are on the device that SOO_TEST_DEVICE names, several at a time, without tap's own runner:
// each file prints TAP by itself. Tells how many assertions passed, of each failing file what failed, and the most values
// that a step waited for, where a test says so.
//
//   node scripts/gpu/device-tests.js [--jobs N] [--parametrised] [FOLDER ...]     folders below test/, or files
//
// --parametrised: only files that go to the device, by test/device.ts; the others are the same on every device.
// SOO_GPU_TEST_SECONDS: what one file may take at most (90).

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { runCommand } = require('../run-command');

const ROOT = path.resolve(__dirname, '..', '..');
const FOLDERS = [
  ...['torch', 'nn', 'optim', 'models', 'peft', 'soo', 'rl'],
  ...['evals/on-device.test.ts', 'training/loss-scaler.test.ts', 'cli/model-progress.test.ts'],
];
// Fill the memory of a machine, or measure it, or start many processes, and say nothing of a device.
const LEFT_OUT = /\/(soak|leaks|memory|two-at-once)\.test\.ts$/;

function filesOf(names) {
  const filed = names.map((name) => path.join(ROOT, 'test', name));
  return filed.flatMap((place) => {
    if (place.endsWith('.ts')) return [place];
    const inside = fs.readdirSync(place).filter((name) => name.endsWith('.test.ts'));
    return inside.map((name) => path.join(place, name)).filter((file) => !LEFT_OUT.test(file));
  });
}

/** Whether a test file, or a file of tests that it imports, imports test/device.ts. */
function goesToDevice(file, seen = new Set()) {
  if (file === path.join(ROOT, 'test', 'device.ts')) return true;
  if (seen.has(file) || !file.startsWith(path.join(ROOT, 'test')) || !fs.existsSync(file)) return false;
  seen.add(file);
  const imported = fs.readFileSync(file, 'utf8').matchAll(/ from '(\.[^']+)'/g);
  return [...imported].some(([, name]) => goesToDevice(path.resolve(path.dirname(file), `${name}.ts`), seen));
}

/** tap ends with a line such as `# { total: 26, pass: 25, fail: 1 }`. */
function countsIn(text) {
  const last = text.match(/^# \{ total: .*\}$/gm)?.at(-1) ?? '';
  const count = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(last)?.[1] ?? 0);
  return { pass: count('pass'), fail: count('fail'), skip: count('skip') };
}

/** The most that tests said of steps: `# read-backs of a training step: 1`. */
function readBacksIn(text) {
  const most = {};
  for (const [, kind, count] of text.matchAll(/^\s*# read-backs of a (\w+) step: (\d+)$/gm))
    most[kind] = Math.max(most[kind] ?? 0, Number(count));
  return most;
}

async function runFile(file) {
  const seconds = Number(process.env.SOO_GPU_TEST_SECONDS || 90);
  const args = ['--expose-gc', `--import=${path.join(ROOT, 'test', 'typescript.mjs')}`, file];
  // Without its runner tap ends a file after 30 seconds, unless it is told otherwise.
  const env = { ...process.env, TAP_TIMEOUT: String(seconds) };
  const options = { cwd: ROOT, env, timeout: seconds * 1000 };
  const { code, output } = await runCommand(process.execPath, args, options);
  const counts = countsIn(output);
  const readBacks = readBacksIn(output);
  return { file: path.relative(path.join(ROOT, 'test'), file), ok: code === 0, code, output, readBacks, ...counts };
}

function report({ file, code, output, pass, fail }) {
  process.stdout.write(`${file}: ${pass} passed, ${fail} failed, code ${code}\n`);
  const failures = output.split('\n').flatMap((line, at, lines) => {
    return /^\s*not ok/.test(line) ? lines.slice(at, at + 30) : [];
  });
  const shown = failures.length > 0 ? failures.slice(0, 120) : output.split('\n').slice(-30);
  process.stdout.write(`${shown.map((line) => `    ${line}`).join('\n')}\n`);
}

/** @returns what passed, failed and was skipped; the files that failed; the most read-backs of a step, by its kind */
async function runFiles(files, jobs) {
  const queue = [...files];
  const totals = { pass: 0, fail: 0, skip: 0 };
  const broken = [];
  const readBacks = {};
  const work = async () => {
    for (let file; (file = queue.shift());) {
      const result = await runFile(file);
      for (const name of Object.keys(totals)) totals[name] += result[name];
      for (const [kind, count] of Object.entries(result.readBacks))
        readBacks[kind] = Math.max(readBacks[kind] ?? 0, count);
      if (result.ok) continue;
      report(result);
      broken.push(result.file);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return { totals, broken, readBacks };
}

async function main() {
  const jobsDefault = String(Math.max(1, Math.min(8, os.availableParallelism())));
  const options = { jobs: { type: 'string', default: jobsDefault }, parametrised: { type: 'boolean', default: false } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const all = filesOf(positionals.length > 0 ? positionals : FOLDERS);
  const files = values.parametrised ? all.filter((file) => goesToDevice(file)) : all;
  const { totals, broken, readBacks } = await runFiles(files, Number(values.jobs));
  for (const [name, value] of Object.entries(totals))
    process.stdout.write(`${JSON.stringify({ name: `tests.${name}`, value, unit: 'assertions' })}\n`);
  for (const [kind, value] of Object.entries(readBacks))
    process.stdout.write(`${JSON.stringify({ name: `read-backs.${kind}`, value, unit: 'a step' })}\n`);
  process.stdout.write(`failing files: ${broken.join(', ') || 'none'}\n`);
  process.exitCode = broken.length > 0 ? 1 : 0;
}

module.exports = { filesOf, goesToDevice, runFiles, FOLDERS };

if (require.main === module) main();
