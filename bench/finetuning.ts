/**
 * Fine-tuning of a model of 125 million parameters beside transformers and PEFT, one thread each, in turn: micro-batches
 * of upstream's settings, padded to 128 tokens there. Before the first step an adapter changes nothing, whatever its
 * dropout: the losses of that step's batches are compared. On another shape, or in bfloat16 (where the peer's losses are
 * made of rounded logits), the KL alone.
 *
 *     npm run bench -- --only finetuning [--shape smollm2] [--dtype bfloat16] [--quick] [--json] [--out FILE]
 */
import { join } from 'node:path';
import Table from 'cli-table3';
import { finetuningFloor, limitsText, measureLimits, type Limits } from './limits';
import { child, llmPeer, median, type LlmPeer } from './llm-peer';
import { subjectOf, type Subject, type SubjectChoice } from './llm-shapes';

const LOSSES = ['kl', 'mse'] as const;
type LossName = (typeof LOSSES)[number];

/** Of 12 layers, the one whose output the MSE loss compares. */
const LAYER = 7;
/** How many times the peer's padded micro-batch is wanted. */
const WANTED = { kl: 7, mse: 10 } as const;
/** The same of other shapes. */
const WANTED_OF_OTHERS = 6;

export interface Run {
  /** Seconds of CPU time, median over micro-batches. */
  seconds: number;
  /** Of a micro-batch, both sides, without pads; the peer does not say. */
  tokens?: number;
  peakMb: number;
  losses: number[];
}

type Medians = Omit<Run, 'losses' | 'tokens'>;

export interface FinetuningReport {
  loss: LossName;
  /** Medians over rounds. */
  padded: Medians;
  trimmed: Medians;
  own: Medians;
  timesPadded: number;
  timesTrimmed: number;
  /** Largest relative difference of a loss from the peer's padded one. */
  lossDifference: number;
  wanted: { times: number; lossDifference: number; memoryShare: number };
  limits: Limits;
  /** Seconds that the KL's products take at least. */
  floor: number;
}

/** @throws Error where the peer is missing */
export function measureFinetuning(rounds: number, choice: SubjectChoice): FinetuningReport[] {
  const peer = llmPeer();
  const subject = subjectOf(peer, choice);
  const limits = measureLimits(subject.dtype);
  return (subject.isFirst ? LOSSES : (['kl'] as const)).map((loss) => {
    const [padded, trimmed, own]: Run[][] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      padded.push(runPeer(peer, subject, loss, 'max128'));
      own.push(child<Run>('finetuning-child.ts', [subject.folder, pairsOf(peer, loss), loss, LAYER, subject.dtype]));
      trimmed.push(runPeer(peer, subject, loss, 'longest'));
    }
    const differences = padded[0].losses.map((wanted, i) => Math.abs(own[0].losses[i] / wanted - 1));
    const [a, b, c] = [padded, trimmed, own].map(medians);
    return {
      ...{ loss, padded: a, trimmed: b, own: c, limits },
      timesPadded: a.seconds / c.seconds,
      timesTrimmed: b.seconds / c.seconds,
      lossDifference: Math.max(...differences),
      wanted: {
        times: subject.isFirst ? WANTED[loss] : WANTED_OF_OTHERS,
        lossDifference: subject.dtype === 'float32' ? 1e-4 : Infinity,
        memoryShare: subject.isFirst ? 1 : Infinity,
      },
      floor: finetuningFloor(subject.config, own[0].tokens ?? 0, limits),
    };
  });
}

const pairsOf = ({ data }: LlmPeer, loss: LossName): string =>
  join(data, loss === 'kl' ? 'pairs.json' : 'mse_pairs.json');

function runPeer(peer: LlmPeer, { folder, dtype }: Subject, loss: LossName, pad: string): Run {
  const what = [
    '--model',
    folder,
    '--dtype',
    dtype,
    '--pairs',
    pairsOf(peer, loss),
    '--loss',
    loss,
    '--layer',
    `${LAYER}`,
  ];
  const how = ['--pad', pad, '--pad-side', 'left', '--threads', '1', '--steps', '1'];
  const summary = peer.summary('train', ...what, ...how);
  return { seconds: summary.cpu_median_s, peakMb: summary.peak_rss_mb, losses: summary.losses.slice(0, 4) };
}

const medians = (runs: readonly Run[]): Medians => ({
  seconds: median(runs.map(({ seconds }) => seconds)),
  peakMb: median(runs.map(({ peakMb }) => peakMb)),
});

export function finetuningMet(reports: readonly FinetuningReport[]): boolean {
  return reports.every(
    ({ wanted, timesPadded, lossDifference, own, trimmed }) =>
      timesPadded >= wanted.times &&
      lossDifference < wanted.lossDifference &&
      own.peakMb <= wanted.memoryShare * trimmed.peakMb,
  );
}

export function finetuningTable(reports: readonly FinetuningReport[]): string {
  const table = new Table({
    head: ['fine-tuning, one micro-batch', 'seconds', 'times faster', 'peak memory, MB'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { loss, padded, trimmed, own, timesPadded, timesTrimmed, wanted } of reports) {
    const row = (name: string, run: Medians, times: string): void =>
      void table.push([`${loss.toUpperCase()}, ${name}`, run.seconds.toFixed(3), times, run.peakMb.toFixed(0)]);
    row('transformers + PEFT, padded to 128', padded, `${timesPadded.toFixed(1)} (${wanted.times} wanted)`);
    row('transformers + PEFT, trimmed', trimmed, timesTrimmed.toFixed(2));
    row('soo-torch', own, '');
  }
  const worst = Math.max(...reports.map(({ lossDifference }) => lossDifference));
  const [{ limits, floor, own }] = reports;
  const bound = `${limitsText(limits)}: at least ${floor.toFixed(2)} s for the KL's products, ${((100 * floor) / own.seconds).toFixed(0)}% of the time`;
  return `${table.toString()}\nSeconds of CPU time on one thread; losses within ${worst.toExponential(1)} of the peer's.\n${bound}.`;
}
