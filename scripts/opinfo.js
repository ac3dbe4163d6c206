'use strict';

// Replays PyTorch's own samples of its operators through the binding, and prints what came out equal, different and
// refused. Needs Python with the torch of the linked libtorch; ends with 1 if anything is not as PyTorch has it and not
// listed in test/opinfo/known-differences.ts.
//
//   npm run test:opinfo -- [--python python3] [--operators PATTERN]

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { parseArgs } = require('node:util');

const ROOT = path.resolve(__dirname, '..');
const REPLAY = path.join(ROOT, 'test', 'opinfo', 'replay-child.ts');

const { values: options } = parseArgs({
  options: { python: { type: 'string', default: 'python3' }, operators: { type: 'string', default: '' } },
});

function requireTorch() {
  const found = spawnSync(options.python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
  if (found.status === 0) return found.stdout.trim();
  console.error(`opinfo: ${options.python} cannot import torch: name a Python that can with --python`);
  return process.exit(2);
}

/** @returns {Promise<{ line: string, death: string | null }>} */
function replayFrom(folder, chunk, first, place) {
  const child = spawn(
    process.execPath,
    ['-r', './scripts/typescript.js', REPLAY, folder, chunk, String(first), place],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'], // libtorch's warnings are many
    },
  );
  let output = '';
  let warning = '';
  child.stderr.on('data', (text) => (warning = String(text)));
  child.stdout.on('data', (text) => (output += text));
  return new Promise((resolve) =>
    child.on('close', (code, signal) =>
      resolve({
        line: output.trim().split('\n').at(-1),
        death: code === 0 ? null : `${signal ?? `exit code ${code}`} ${warning.trim().split('\n').at(-1)}`,
      }),
    ),
  );
}

const counts = {};
const examples = {};
const names = new Set();
const deaths = [];

function add(report) {
  for (const [what, count] of Object.entries(report.counts)) counts[what] = (counts[what] ?? 0) + count;
  for (const [what, example] of Object.entries(report.examples)) (examples[what] ??= []).push(example);
  for (const name of report.names) names.add(name);
  process.stderr.write(`opinfo: ${counts.replayed} calls of ${names.size} overloads\n`);
}

/** A call that ends the process is noted, and the rest replayed without it. */
async function replay(folder, chunk) {
  const place = path.join(folder, 'place');
  for (let first = 0; ;) {
    const { line, death } = await replayFrom(folder, chunk, first, place);
    if (death === null) return add(JSON.parse(line));
    const [at, name] = fs.readFileSync(place, 'utf8').split(' ');
    deaths.push(`${name}: ${death}`);
    first = Number(at) + 1;
  }
}

function report(unrecorded) {
  console.log(`${names.size} overloads`);
  for (const [what, count] of Object.entries(counts).sort()) {
    console.log(`${String(count).padStart(7)}  ${what}`);
    if (!/ (equal|close)$|as listed/.test(what))
      for (const example of examples[what] ?? []) console.log(`         ${example}`);
  }
  for (const [reason, count] of Object.entries(unrecorded))
    console.log(`${String(count).padStart(7)}  not recorded: ${reason}`);
  for (const death of deaths) console.log(`ended the process: ${death}`);
}

async function main() {
  console.log(`PyTorch ${requireTorch()}`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'soo-opinfo-'));
  try {
    const recorder = spawn(
      options.python,
      [path.join(ROOT, 'test', 'opinfo', 'record_calls.py'), folder, options.operators],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    let unrecorded = {};
    for await (const line of readline.createInterface({ input: recorder.stdout })) {
      if (line.startsWith('{')) unrecorded = JSON.parse(line);
      if (!/^\d+$/.test(line)) continue;
      await replay(folder, line);
      for (const kind of ['bin', 'json']) fs.rmSync(path.join(folder, `${line}.${kind}`));
      recorder.stdin.write('\n');
    }
    report(unrecorded);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  const wrong = Object.keys(counts).some((what) => / (different|refused)$/.test(what));
  process.exitCode = wrong || deaths.length > 0 || counts.replayed === undefined ? 1 : 0;
}

void main();
