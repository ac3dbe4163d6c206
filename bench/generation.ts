/**
 * Greedy generation on a model of 125 million parameters beside transformers, one thread each, in turn, with the ids
 * compared, or on another shape, also in bfloat16, where ids part at near ties. SOO_TORCH_BENCH_ADAPTER names a PEFT
 * folder to put on the model.
 *
 *     npm run bench -- --only generation [--shape smollm2] [--dtype bfloat16] [--quick] [--json] [--out FILE]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { generationFloor, limitsText, measureLimits, type Floor, type Limits } from './limits';
import { child, llmPeer, median, type LlmPeer } from './llm-peer';
import { subjectOf, type Subject, type SubjectChoice } from './llm-shapes';

interface Run {
  /** By the process's own CPU time, which the machine's other work disturbs least. */
  tokensPerSecond: number;
  peakMb: number;
}

interface OwnRun extends Run {
  promptTokens: number;
  seconds: number;
}

interface Side {
  name: string;
  runs: Run[];
  ids: number[][];
}

export interface GenerationReport {
  measured: { name: string; tokensPerSecond: number; peakMb: number }[];
  /** Share of the ids that are the peer's. */
  sameIds: number;
  limits: Limits;
  /** Of all of our own work, and its own seconds. */
  floor: Floor;
  seconds: number;
  wanted: { timesPeer: number; timesPeerBatchOfOne: number; memoryShare: number; sameIds: number };
  /** How many times the peer's tokens per second at the same batch, and at a batch of one. */
  timesPeer: number;
  timesPeerBatchOfOne: number;
  /** Of the peer's peak memory at the same batch. */
  memoryShare: number;
}

const [BATCH, PROMPTS, NEW_TOKENS] = [25, 25, 75];
/** The peer one prompt at a time takes minutes; five prompts give the same rate. */
const PROMPTS_ONE_BY_ONE = 5;
/** Of the peer's model in float32, of other shapes, and of any in bfloat16. */
const WANTED = { first: 1.7, float32: 1.7, bfloat16: 1.5 };

/** @throws Error where the peer is missing */
export function measureGeneration(rounds: number, choice: SubjectChoice): GenerationReport {
  const peer = llmPeer();
  const subject = subjectOf(peer, choice);
  const limits = measureLimits(subject.dtype);
  const side = (name: string): Side => ({ name, runs: [], ids: [] });
  const [theirs, one, ours] = [
    side('transformers, batch 25'),
    side('transformers, batch 1'),
    side('soo-torch, batch 25'),
  ];
  const own: OwnRun[] = [];
  for (let round = 0; round < rounds; round++) {
    runPeer(peer, subject, theirs, BATCH, PROMPTS);
    own.push(runOwn(peer, subject, ours));
    runPeer(peer, subject, one, 1, PROMPTS_ONE_BY_ONE);
  }
  const measured = [theirs, one, ours].map(({ name, runs }) => ({
    name,
    tokensPerSecond: median(runs.map((run) => run.tokensPerSecond)),
    peakMb: median(runs.map((run) => run.peakMb)),
  }));
  const [peerRate, oneRate, ownRate] = measured.map(({ tokensPerSecond }) => tokensPerSecond);
  const work = { promptTokens: own[0].promptTokens, rows: BATCH, newTokens: NEW_TOKENS, dtype: subject.dtype };
  const { isFirst } = subject;
  return {
    ...{ measured, limits, sameIds: shareOfSame(theirs.ids, ours.ids) },
    floor: generationFloor(subject.config, work, limits),
    seconds: median(own.map(({ seconds }) => seconds)),
    wanted: {
      timesPeer: isFirst ? WANTED.first : WANTED[subject.dtype as 'float32' | 'bfloat16'],
      timesPeerBatchOfOne: isFirst ? 6 : 1,
      memoryShare: isFirst ? 1 : Infinity,
      sameIds: subject.dtype === 'float32' ? 1 : 0,
    },
    timesPeer: ownRate / peerRate,
    timesPeerBatchOfOne: ownRate / oneRate,
    memoryShare: measured[2].peakMb / measured[0].peakMb,
  };
}

function shareOfSame(theirs: readonly (readonly number[])[], ours: readonly (readonly number[])[]): number {
  const same = theirs.map((row, i) => row.filter((id, at) => id === ours[i]?.[at]).length);
  return same.reduce((sum, count) => sum + count) / theirs.flat().length;
}

const promptsOf = ({ data }: LlmPeer): string => join(data, 'prompts.json');
const idsOf = ({ work }: LlmPeer): string => join(work, 'ids.json');

function runPeer(peer: LlmPeer, { folder, dtype }: Subject, side: Side, batch: number, limit: number): void {
  const adapter = process.env.SOO_TORCH_BENCH_ADAPTER;
  const what = [
    '--model',
    folder,
    '--dtype',
    dtype,
    '--prompts',
    promptsOf(peer),
    ...(adapter ? ['--adapter', adapter] : []),
  ];
  const how = ['--threads', '1', '--max-new', `${NEW_TOKENS}`, '--ignore-eos', '--save', idsOf(peer)];
  const summary = peer.summary('generate', ...what, ...how, '--batch', `${batch}`, '--limit', `${limit}`);
  side.runs.push({ tokensPerSecond: summary.new_tokens_per_s, peakMb: summary.peak_rss_mb });
  side.ids = idsIn(idsOf(peer));
}

function runOwn(peer: LlmPeer, { folder, dtype }: Subject, side: Side): OwnRun {
  const adapter = process.env.SOO_TORCH_BENCH_ADAPTER ?? '';
  const args = [folder, promptsOf(peer), idsOf(peer), adapter, dtype, BATCH, PROMPTS, NEW_TOKENS];
  const run = child<OwnRun>('generation-child.ts', args);
  side.runs.push(run);
  side.ids = idsIn(idsOf(peer));
  return run;
}

const idsIn = (file: string): number[][] => JSON.parse(readFileSync(file, 'utf8')) as number[][];

export function generationMet({ wanted, ...report }: GenerationReport): boolean {
  const { sameIds, timesPeer, timesPeerBatchOfOne, memoryShare } = report;
  const fast = timesPeer >= wanted.timesPeer && timesPeerBatchOfOne >= wanted.timesPeerBatchOfOne;
  return sameIds >= wanted.sameIds && fast && memoryShare <= wanted.memoryShare;
}

export function generationTable(report: GenerationReport): string {
  const { measured, sameIds, timesPeer, timesPeerBatchOfOne, wanted, limits, floor, seconds } = report;
  const table = new Table({
    head: ['generation', 'tokens per second', 'peak memory, MB'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { name, tokensPerSecond, peakMb } of measured)
    table.push([name, tokensPerSecond.toFixed(1), peakMb.toFixed(0)]);
  const times = `${timesPeer.toFixed(2)} times the peer (${wanted.timesPeer} wanted), ${timesPeerBatchOfOne.toFixed(2)} times its batch of one (${wanted.timesPeerBatchOfOne} wanted)`;
  const ms = (x: number): string => `${(x * 1000).toFixed(1)} ms`;
  const bound = `${limitsText(limits)}: at least ${floor.prompts.toFixed(2)} s for the prompts' products, and for a step ${ms(floor.stepByProducts)} for products or ${ms(floor.stepByMemory)} to read weights and cache; ${floor.total.toFixed(2)} s in all, ${((100 * floor.total) / seconds).toFixed(0)}% of the ${seconds.toFixed(2)} s it takes`;
  return `${table.toString()}\n${times}; ${(100 * sameIds).toFixed(1)}% of the ids are the same.\n${bound}.`;
}
