/**
 * Greedy generation on a model of 125 million parameters beside transformers, one thread each, in turn, with the ids
 * compared. SOO_TORCH_BENCH_ADAPTER names a PEFT folder to put on the model.
 *
 *     npm run bench -- --only generation [--quick] [--json] [--out FILE]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { child, llmPeer, median, type LlmPeer } from './llm-peer';

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
  /** Of the peer's peak memory at the same batch. */
  memoryShare: number;
}

const [BATCH, PROMPTS, NEW_TOKENS] = [25, 25, 75];
/** The peer one prompt at a time takes minutes; five prompts give the same rate. */
const PROMPTS_ONE_BY_ONE = 5;
const WANTED = { timesPeer: 1.7, timesPeerBatchOfOne: 6, memoryShare: 1 };

/** @throws Error where the peer is missing */
export function measureGeneration(rounds: number): GenerationReport {
  const peer = llmPeer();
  const side = (name: string): Side => ({ name, runs: [], ids: '' });
  const [theirs, one, ours] = [
    side('transformers, batch 25'),
    side('transformers, batch 1'),
    side('soo-torch, batch 25'),
  ];
  for (let round = 0; round < rounds; round++) {
    runPeer(peer, theirs, BATCH, PROMPTS);
    runOwn(peer, ours);
    runPeer(peer, one, 1, PROMPTS_ONE_BY_ONE);
  }
  const measured = [theirs, one, ours].map(({ name, runs }) => ({
    name,
    tokensPerSecond: median(runs.map((run) => run.tokensPerSecond)),
    peakMb: median(runs.map((run) => run.peakMb)),
  }));
  const [peerRate, oneRate, ownRate] = measured.map(({ tokensPerSecond }) => tokensPerSecond);
  const sameIds = theirs.ids === ours.ids;
  return {
    ...{ measured, sameIds },
    timesPeer: ownRate / peerRate,
    timesPeerBatchOfOne: ownRate / oneRate,
    memoryShare: measured[2].peakMb / measured[0].peakMb,
  };
}

const promptsOf = ({ data }: LlmPeer): string => join(data, 'prompts.json');
const idsOf = ({ work }: LlmPeer): string => join(work, 'ids.json');

function runPeer(peer: LlmPeer, side: Side, batch: number, limit: number): void {
  const adapter = process.env.SOO_TORCH_BENCH_ADAPTER;
  const what = ['--model', peer.model, '--prompts', promptsOf(peer), ...(adapter ? ['--adapter', adapter] : [])];
  const how = ['--threads', '1', '--max-new', `${NEW_TOKENS}`, '--ignore-eos', '--save', idsOf(peer)];
  const summary = peer.summary('generate', ...what, ...how, '--batch', `${batch}`, '--limit', `${limit}`);
  side.runs.push({ tokensPerSecond: summary.new_tokens_per_s, peakMb: summary.peak_rss_mb });
  side.ids = idsIn(idsOf(peer));
}

function runOwn(peer: LlmPeer, side: Side): void {
  const adapter = process.env.SOO_TORCH_BENCH_ADAPTER ?? '';
  const args = [peer.model, promptsOf(peer), idsOf(peer), adapter, BATCH, PROMPTS, NEW_TOKENS];
  side.runs.push(child<Run>('generation-child.ts', args));
  side.ids = idsIn(idsOf(peer));
}

/** Both write JSON lists of lists, with different spaces. */
function idsIn(file: string): string {
  return JSON.stringify(JSON.parse(readFileSync(file, 'utf8')));
}

export function generationMet(report: GenerationReport): boolean {
  const { sameIds, timesPeer, timesPeerBatchOfOne, memoryShare } = report;
  const fast = timesPeer >= WANTED.timesPeer && timesPeerBatchOfOne >= WANTED.timesPeerBatchOfOne;
  return sameIds && fast && memoryShare <= WANTED.memoryShare;
}

export function generationTable({ measured, sameIds, timesPeer, timesPeerBatchOfOne }: GenerationReport): string {
  const table = new Table({
    head: ['generation', 'tokens per second', 'peak memory, MB'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { name, tokensPerSecond, peakMb } of measured)
    table.push([name, tokensPerSecond.toFixed(1), peakMb.toFixed(0)]);
  const times = `${timesPeer.toFixed(2)} times the peer (${WANTED.timesPeer} wanted), ${timesPeerBatchOfOne.toFixed(2)} times its batch of one (${WANTED.timesPeerBatchOfOne} wanted)`;
  return `${table.toString()}\n${times}; ids ${sameIds ? 'the same' : 'DIFFER'}.`;
}
