/**
 * Greedy generation on a Mistral of 125 million parameters beside transformers, one thread each, in turn, with the ids
 * compared. The peer script is SOO_TORCH_PEER_LLM or `../shared/bench/peer_llm.py` beside the checkout; its Python is
 * SOO_TORCH_PYTHON or python3. SOO_TORCH_BENCH_ADAPTER names a PEFT folder to put on the model.
 *
 *     npm run bench -- --only generation [--quick] [--json] [--out FILE]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';

interface Run {
  /** By the process's own CPU time, which the machine's other work disturbs least. */
  tokensPerSecond: number;
  peakMb: number;
}

interface Side {
  name: string;
  runs: Run[];
  ids: string;
}

export interface GenerationReport {
  measured: { name: string; tokensPerSecond: number; peakMb: number }[];
  sameIds: boolean;
  /** How many times the peer's tokens per second at the same batch, and at a batch of one. */
  timesPeer: number;
  timesPeerBatchOfOne: number;
}

const ROOT = join(__dirname, '..');
const [BATCH, PROMPTS, NEW_TOKENS] = [25, 25, 75];
/** The peer one prompt at a time takes minutes; five prompts give the same rate. */
const PROMPTS_ONE_BY_ONE = 5;

/** @returns undefined where the peer script, or its Python, is missing */
export function measureGeneration(rounds: number): GenerationReport | undefined {
  const peer = findPeer();
  if (!peer) return undefined;
  const work = join(tmpdir(), 'soo-torch-bench-generation');
  mkdirSync(work, { recursive: true });
  const [model, data] = [join(work, 'M'), join(work, 'data')];
  if (!existsSync(join(data, 'prompts.json'))) peer('make-data', '--out', data);
  if (!existsSync(join(model, 'config.json'))) peer('make-model', '--size', 'M', '--out', model);
  const paths = { model, prompts: join(data, 'prompts.json'), ids: join(work, 'ids.json') };
  const side = (name: string): Side => ({ name, runs: [], ids: '' });
  const [theirs, one, ours] = [
    side('transformers, batch 25'),
    side('transformers, batch 1'),
    side('soo-torch, batch 25'),
  ];
  for (let round = 0; round < rounds; round++) {
    runPeer(peer, theirs, paths, BATCH, PROMPTS);
    runOwn(ours, paths);
    runPeer(peer, one, paths, 1, PROMPTS_ONE_BY_ONE);
  }
  const measured = [theirs, one, ours].map(({ name, runs }) => ({
    name,
    tokensPerSecond: median(runs.map((run) => run.tokensPerSecond)),
    peakMb: median(runs.map((run) => run.peakMb)),
  }));
  const [peerRate, oneRate, ownRate] = measured.map(({ tokensPerSecond }) => tokensPerSecond);
  const sameIds = theirs.ids === ours.ids;
  return { measured, sameIds, timesPeer: ownRate / peerRate, timesPeerBatchOfOne: ownRate / oneRate };
}

type PeerCommand = (...args: string[]) => string;

function findPeer(): PeerCommand | undefined {
  const script = process.env.SOO_TORCH_PEER_LLM ?? join(ROOT, '..', 'shared', 'bench', 'peer_llm.py');
  const python = process.env.SOO_TORCH_PYTHON ?? 'python3';
  if (!existsSync(script) || spawnSync(python, ['-c', 'import torch, transformers, peft']).status !== 0)
    return undefined;
  return (...args) => output(python, [script, ...args]);
}

function output(command: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`bench: ${command} ${args.join(' ')} ended with ${status}: ${stderr.slice(-500)}`);
  return stdout;
}

interface Paths {
  model: string;
  prompts: string;
  ids: string;
}

function runPeer(peer: PeerCommand, side: Side, paths: Paths, batch: number, limit: number): void {
  const adapter = process.env.SOO_TORCH_BENCH_ADAPTER;
  const what = ['--model', paths.model, '--prompts', paths.prompts, ...(adapter ? ['--adapter', adapter] : [])];
  const how = ['--threads', '1', '--max-new', `${NEW_TOKENS}`, '--ignore-eos', '--save', paths.ids];
  const printed = peer('generate', ...what, ...how, '--batch', `${batch}`, '--limit', `${limit}`);
  const summary = JSON.parse(printed.trim().split('\n').at(-1) ?? '') as Record<string, number>;
  side.runs.push({ tokensPerSecond: summary.new_tokens_per_s, peakMb: summary.peak_rss_mb });
  side.ids = idsIn(paths.ids);
}

function runOwn(side: Side, { model, prompts, ids }: Paths): void {
  const child = ['-r', join(__dirname, '../scripts/typescript.js'), join(__dirname, 'generation-child.ts')];
  const adapter = process.env.SOO_TORCH_BENCH_ADAPTER ?? '';
  const args = [model, prompts, ids, adapter, BATCH, PROMPTS, NEW_TOKENS].map(String);
  side.runs.push(JSON.parse(output(process.execPath, [...child, ...args])) as Run);
  side.ids = idsIn(ids);
}

/** Both write JSON lists of lists, with different spaces. */
function idsIn(file: string): string {
  return JSON.stringify(JSON.parse(readFileSync(file, 'utf8')));
}

function median(values: number[]): number {
  const ordered = [...values].sort((a, b) => a - b);
  return ordered[Math.floor(ordered.length / 2)];
}

export function generationTable({ measured, sameIds, timesPeer, timesPeerBatchOfOne }: GenerationReport): string {
  const table = new Table({
    head: ['generation', 'tokens per second', 'peak memory, MB'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { name, tokensPerSecond, peakMb } of measured)
    table.push([name, tokensPerSecond.toFixed(1), peakMb.toFixed(0)]);
  const times = `${timesPeer.toFixed(2)} times the peer (1.7 wanted), ${timesPeerBatchOfOne.toFixed(2)} times its batch of one (6 wanted)`;
  return `${table.toString()}\n${times}; ids ${sameIds ? 'the same' : 'DIFFER'}.`;
}
