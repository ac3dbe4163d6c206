/**
 * Measures soo-torch and, where Python has torch, PyTorch in the same run: windows of both alternate, one thread each,
 * and the smallest window counts (the one that nothing else on the machine disturbed).
 *
 *     npm run bench -- [--quick] [--json] [--out FILE] [--only NAME] [--check]
 *
 * --check ends with 1 when a goal is missed. `--only generation` and `--only finetuning` measure language models beside
 * transformers (generation.ts, finetuning.ts), also of other shapes and in bfloat16 (`--shape`, `--dtype`:
 * llm-shapes.ts), `--only rl` agents (rl.ts), `--only nf4` products of four bits beside bitsandbytes' (nf4.ts), `--only
 * worker` how free a compute worker leaves the event loop (compute-worker.ts).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { torch } from '../lib/torch';
import { operatorCases, stepCases, type Case } from './cases';
import { measureWorker, workerMet, workerTable } from './compute-worker';
import { finetuningMet, finetuningTable, measureFinetuning } from './finetuning';
import { generationMet, generationTable, measureGeneration } from './generation';
import type { SubjectChoice } from './llm-shapes';
import { measureNf4, nf4Met, nf4Table } from './nf4';
import { Peer } from './peer';
import { measureRl, rlMet, rlTable } from './rl';

/** Nanoseconds per run. */
interface Timing {
  min: number;
  median: number;
}

interface Result {
  name: string;
  what: string;
  node: Timing;
  python: Timing | null;
  /** node.min / python.min */
  ratio: number | null;
  goal: number | null;
  met: boolean | null;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      out: { type: 'string' },
      only: { type: 'string' },
      shape: { type: 'string' },
      dtype: { type: 'string' },
      check: { type: 'boolean', default: false },
    },
  });
  if (values.only === 'generation') return alone(values, measureGeneration, generationTable, generationMet);
  if (values.only === 'finetuning') return alone(values, measureFinetuning, finetuningTable, finetuningMet);
  if (values.only === 'rl') return alone(values, measureRl, rlTable, rlMet);
  if (values.only === 'worker') {
    const report = await measureWorker(values.quick ? 1 : 3);
    return alone(values, () => report, workerTable, workerMet);
  }
  torch.setNumThreads(1);
  if (values.only === 'nf4') {
    const report = await measureNf4(values);
    return alone(values, () => report, nf4Table, nf4Met);
  }
  const peer = await Peer.start();
  const rounds = values.quick ? 60 : 400;
  const cases = [...operatorCases(), ...stepCases()].filter(({ name }) => !values.only || name === values.only);
  const results = await measureAll(cases, peer, rounds);
  peer?.stop();
  const report = {
    date: new Date().toISOString(),
    machine: { cpu: cpus()[0]?.model ?? 'unknown', threads: 1 },
    versions: { node: process.version, torch: torch.version.torch, peer: peer?.versions ?? null },
    rounds,
    results,
  };
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (values.out) {
    mkdirSync(dirname(values.out), { recursive: true });
    writeFileSync(values.out, text);
  }
  if (values.check && results.some(({ met }) => met === false)) process.exitCode = 1;
  process.stdout.write(values.json ? text : `${table(results)}\n${footnote(report.versions)}\n`);
}

interface Choice extends SubjectChoice {
  quick: boolean;
  json: boolean;
  out?: string;
  check: boolean;
}

/** What takes long, so only when asked for by name. */
function alone<Report>(
  choice: Choice,
  measure: (rounds: number, choice: Choice) => Report,
  show: (report: Report) => string,
  met: (report: Report) => boolean,
): void {
  const { quick, json, out, check } = choice;
  const report = measure(quick ? 1 : 3, choice);
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (out) writeFileSync(out, text);
  if (check && !met(report)) process.exitCode = 1;
  process.stdout.write(json ? text : `${show(report)}\n`);
}

async function measureAll(cases: Case[], peer: Peer | null, rounds: number): Promise<Result[]> {
  const times = cases.map(() => ({ node: [] as number[], python: [] as number[] }));
  // All cases in every round: a slow minute of the machine falls on all of them alike.
  for (let round = -1; round < rounds; round++) {
    for (const [i, { name, count, run }] of cases.entries()) {
      run(Math.ceil(count / 10)); // brings its code and data back into the caches
      const start = process.hrtime.bigint();
      run(count);
      const node = Number(process.hrtime.bigint() - start) / count;
      const python = peer ? ((await peer.measure(name, count)) * 1e9) / count : null;
      if (round < 0) continue; // the first round warms up both sides
      times[i].node.push(node);
      if (python !== null) times[i].python.push(python);
    }
  }
  return cases.map((measured, i) => resultOf(measured, times[i].node, times[i].python));
}

function resultOf({ name, what, goal }: Case, nodeTimes: number[], pythonTimes: number[]): Result {
  const node = timing(nodeTimes);
  const python = pythonTimes.length ? timing(pythonTimes) : null;
  const ratio = python && node.min / python.min;
  const met = ratio !== null && goal !== undefined ? ratio <= goal : null;
  return { name, what, node, python, ratio, goal: goal ?? null, met };
}

function timing(times: number[]): Timing {
  const sorted = [...times].sort((a, b) => a - b);
  return { min: sorted[0], median: sorted[Math.floor(sorted.length / 2)] };
}

function table(results: Result[]): string {
  const rows = new Table({
    head: ['measured', 'soo-torch', 'Python', 'ratio', 'wanted'],
    colAligns: ['left', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  });
  for (const { what, node, python, ratio, goal, met } of results) {
    const wanted = goal === null ? '' : `<= ${goal}${met === null ? '' : met ? ', met' : ', MISSED'}`;
    rows.push([what, duration(node.min), python ? duration(python.min) : '-', ratio?.toFixed(2) ?? '-', wanted]);
  }
  return rows.toString();
}

function duration(ns: number): string {
  return ns < 10_000 ? `${ns.toFixed(0)} ns` : `${(ns / 1000).toFixed(1)} µs`;
}

function footnote({ node, torch: own, peer }: { node: string; torch: string; peer: Peer['versions'] | null }): string {
  const other = peer ? `Python ${peer.python}, torch ${peer.torch}` : 'no Python with torch found (SOO_TORCH_PYTHON)';
  return `Least time per run, one thread. Node ${node}, libtorch ${own}; ${other}.`;
}

void main();
