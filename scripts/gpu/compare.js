'use strict';

// Compares a packed run with the last one of the same device and size that is kept, and keeps it.
//
//   node scripts/gpu/compare.js RESULTS/summary.json [--factor 1.25] [--add] [--kept bench/results]
//
// Ends with 1 when a number is worse by more than the factor, or a part that ran then did not pass now; with 0 when
// there is nothing to compare with. --add appends the run to bench/results/<device>.jsonl, which is committed.

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');

const ROOT = path.resolve(__dirname, '..', '..');

/** `NVIDIA H200` is kept in `nvidia-h200.jsonl`. */
const fileOf = (folder, device) =>
  path.join(
    folder,
    `${device
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')}.jsonl`,
  );

function lastKept(file, scale) {
  if (!fs.existsSync(file)) return null;
  const lines = fs.readFileSync(file, 'utf8').trim().split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line)).findLast((run) => run.scale === scale) ?? null;
}

/** One line of the file: what the run was, and its numbers. */
function lineOf({ date, commit, device, torch, cuda, node, scale, seconds, parts }) {
  const passed = parts.filter(({ status }) => status === 'ok').map(({ part }) => part);
  return {
    date,
    commit,
    device,
    torch,
    cuda,
    node,
    scale,
    seconds,
    passed,
    measures: parts.flatMap((p) => p.measures),
  };
}

/** How many times worse; 1 and below is as good or better. NaN where a number has no good direction. */
function worseBy({ value, better }, before) {
  if (better === 'lower') return value / before.value;
  return better === 'higher' ? before.value / value : NaN;
}

function compare(now, before, factor) {
  const earlier = new Map(before.measures.map((measure) => [measure.name, measure]));
  const regressions = [];
  for (const measure of now.measures) {
    const then = earlier.get(measure.name);
    const times = then ? worseBy(measure, then) : NaN;
    if (times > factor) {
      const change = `${then.value.toPrecision(4)} to ${measure.value.toPrecision(4)} ${measure.unit}`;
      regressions.push(`${measure.name}: ${change}, ${times.toFixed(2)} times worse (${factor} allowed)`);
    }
  }
  for (const part of before.passed) if (!now.passed.includes(part)) regressions.push(`${part}: passed then, not now`);
  return regressions;
}

function main() {
  const options = {
    factor: { type: 'string', default: '1.25' },
    add: { type: 'boolean', default: false },
    kept: { type: 'string', default: path.join(ROOT, 'bench', 'results') },
  };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const factor = Number(values.factor);
  if (positionals.length !== 1 || !(factor >= 1)) {
    throw new Error('wanted a summary.json and a --factor of 1 or more');
  }
  const now = lineOf(JSON.parse(fs.readFileSync(positionals[0], 'utf8')));
  if (!now.device) throw new Error(`${positionals[0]}: the run found no device`);
  const file = fileOf(values.kept, now.device);
  const before = lastKept(file, now.scale);
  const regressions = before ? compare(now, before, factor) : [];
  for (const line of regressions) process.stdout.write(`${line}\n`);
  const told = before ? `${regressions.length} regressions since ${before.date}` : 'nothing to compare with yet';
  process.stdout.write(`${now.device}, size ${now.scale}: ${told}\n`);
  if (values.add) {
    fs.mkdirSync(values.kept, { recursive: true });
    fs.appendFileSync(file, `${JSON.stringify(now)}\n`);
  }
  process.exitCode = regressions.length > 0 ? 1 : 0;
}

try {
  main();
} catch (error) {
  process.stderr.write(`compare: ${error.message}\n`);
  process.exitCode = 2;
}
