'use strict';

// Runs the parts of the packed run one after the other, each with a time limit of its own, and writes what came of it
// after every part. A part that fails or hangs does not keep the next from running.
//
//   node scripts/gpu/suite.js --out FOLDER [--parts build,tests,...]
//
// SOO_TEST_DEVICE (cuda), SOO_GPU_SCALE (full, tiny), SOO_GPU_SECONDS (510: for all parts), SOO_GPU_PYTHON (python3).
// Ends with 1 when a part failed. FOLDER gets results.jsonl (a line a part), summary.json, summary.txt and log.txt.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { parseArgs } = require('node:util');
const { partsOf, ROOT } = require('./parts');
const { textOf } = require('./summary-text');

const DEVICE = process.env.SOO_TEST_DEVICE || 'cuda';
const SCALE = process.env.SOO_GPU_SCALE === 'tiny' ? 'tiny' : 'full';
const SECONDS = Number(process.env.SOO_GPU_SECONDS || 510);
/** Where more time is given than a GPU needs, each part has more of it too. */
const SLOWER = Math.max(1, SECONDS / 510);
const PYTHON = process.env.SOO_GPU_PYTHON || 'python3';

const FACTS = `
import json, torch
facts = {'torch': torch.__version__, 'cuda': torch.version.cuda, 'device': None}
if torch.cuda.is_available():
    facts['device'] = torch.cuda.get_device_name()
    facts['capability'] = '.'.join(map(str, torch.cuda.get_device_capability()))
for name in ('transformers', 'peft'):
    try:
        facts[name] = __import__('importlib.metadata').metadata.version(name)
    except Exception:
        facts[name] = None
print(json.dumps(facts))`;

/** What Python's torch tells of the machine; on a processor its name stands for the device. */
function factsOf() {
  const { stdout, stderr } = spawnSync(PYTHON, ['-c', FACTS], { encoding: 'utf8', timeout: 60_000 });
  const cpu = os.cpus()[0]?.model ?? 'unknown processor';
  try {
    const facts = JSON.parse(stdout.trim().split('\n').at(-1));
    return { ...facts, device: DEVICE === 'cpu' ? cpu : facts.device, cpu };
  } catch {
    return { torch: null, device: DEVICE === 'cpu' ? cpu : null, cpu, problem: stderr.trim().split('\n').at(-1) };
  }
}

function revision() {
  try {
    return JSON.parse(fs.readFileSync(path.join(ROOT, 'pack.json'), 'utf8')).commit;
  } catch {
    return null;
  }
}

/** The line as a number that a part tells, or null. */
function measureIn(line) {
  if (!line.startsWith('{"name":')) return null;
  try {
    const { name, value, unit, better } = JSON.parse(line);
    return typeof value === 'number' ? { name, value, unit, better: better ?? undefined } : null;
  } catch {
    return null;
  }
}

/** Runs one command in a process group of its own, so that a hanging part goes with everything it started. */
function runPart({ name, command }, seconds, log) {
  return new Promise((resolve) => {
    const started = Date.now();
    const measures = [];
    const tail = [];
    let timedOut = false;
    const stdio = ['ignore', 'pipe', 'pipe'];
    const env = { SOO_GPU_TEST_SECONDS: String(Math.round(90 * SLOWER)), ...process.env };
    const child = spawn(command[0], command.slice(1), { cwd: ROOT, env, detached: true, stdio });
    const kill = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, seconds * 1000);
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8').on('data', (text) => {
        fs.writeSync(log, text);
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        for (const line of lines) {
          const measure = measureIn(line);
          if (measure) measures.push(measure);
          else if (line.trim()) tail.push(line.slice(0, 300));
          if (tail.length > 12) tail.shift();
        }
      });
    }
    const end = (code) => {
      clearTimeout(timer);
      kill();
      const status = timedOut ? 'timed out' : code === 0 ? 'ok' : 'failed';
      const last = status === 'ok' ? [] : tail;
      resolve({ part: name, status, seconds: (Date.now() - started) / 1000, limit: seconds, code, measures, last });
    };
    child.on('error', (error) => tail.push(error.message));
    child.on('close', (code) => end(code));
  });
}

function write(out, summary) {
  fs.writeFileSync(path.join(out, 'summary.json'), `${JSON.stringify(summary, null, 1)}\n`);
  fs.writeFileSync(path.join(out, 'summary.txt'), textOf(summary));
}

async function main() {
  const options = { out: { type: 'string' }, parts: { type: 'string' } };
  const { out = 'gpu-results', parts: chosen } = parseArgs({ options }).values;
  fs.mkdirSync(out, { recursive: true });
  const log = fs.openSync(path.join(out, 'log.txt'), 'a');
  const started = Date.now();
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'soo-torch-gpu-'));
  const facts = factsOf();
  const base = { date: new Date().toISOString(), commit: revision(), node: process.version, scale: SCALE, ...facts };
  const summary = { ...base, deviceName: DEVICE, seconds: 0, parts: [] };
  const wanted = chosen?.split(',');
  const lost = new Set();
  try {
    for (const part of partsOf({ python: PYTHON, device: DEVICE, scale: SCALE, work })) {
      if (wanted && !wanted.includes(part.name) && part.name !== 'workload') continue;
      const left = SECONDS - (Date.now() - started) / 1000;
      const why = left < 5 ? 'no time was left' : lost.has('build') && !part.peer ? 'the addon was not built' : null;
      fs.writeSync(log, `\n=== ${part.name}${why ? `: skipped, ${why}` : ''}\n`);
      const skipped = { part: part.name, status: 'skipped', seconds: 0, measures: [], last: [why] };
      const result = why ? skipped : await runPart(part, Math.min(part.seconds * SLOWER, left), log);
      if (result.status !== 'ok') lost.add(part.name);
      fs.appendFileSync(path.join(out, 'results.jsonl'), `${JSON.stringify(result)}\n`);
      summary.parts.push(result);
      summary.seconds = (Date.now() - started) / 1000;
      write(out, summary);
      process.stdout.write(`${part.name}: ${result.status}, ${result.seconds.toFixed(1)} s\n`);
    }
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
  process.stdout.write(`\n${textOf(summary)}`);
  process.exitCode = lost.size > 0 ? 1 : 0;
}

main();
