/**
 * Fine-tuning of a model of 125 million parameters beside transformers and PEFT, one thread each, in turn: micro-batches
 * of upstream's settings, padded to 128 tokens there. Before the first step an adapter changes nothing, whatever its
 * dropout: the losses of that step's batches are compared.
 *
 *     npm run bench -- --only finetuning [--quick] [--json] [--out FILE]
 */
import { join } from 'node:path';
import Table from 'cli-table3';
import { child, llmPeer, median, type LlmPeer } from './llm-peer';

const LOSSES = ['kl', 'mse'] as const;
type LossName = (typeof LOSSES)[number];

/** Of 12 layers, the one whose output the MSE loss compares. */
const LAYER = 7;
/** How many times the peer's padded micro-batch is wanted. */
const WANTED = { kl: 7, mse: 10 } as const;

export interface Run {
  /** Seconds of CPU time, median over micro-batches. */
  seconds: number;
  peakMb: number;
  losses: number[];
}

export interface FinetuningReport {
  loss: LossName;
  /** Medians over rounds. */
  padded: Omit<Run, 'losses'>;
  trimmed: Omit<Run, 'losses'>;
  own: Omit<Run, 'losses'>;
  timesPadded: number;
  timesTrimmed: number;
  /** Largest relative difference of a loss from the peer's padded one. */
  lossDifference: number;
}

/** @throws Error where the peer is missing */
export function measureFinetuning(rounds: number): FinetuningReport[] {
  const peer = llmPeer();
  return LOSSES.map((loss) => {
    const [padded, trimmed, own]: Run[][] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      padded.push(runPeer(peer, loss, 'max128'));
      own.push(child<Run>('finetuning-child.ts', [peer.model, pairsOf(peer, loss), loss, LAYER]));
      trimmed.push(runPeer(peer, loss, 'longest'));
    }
    const differences = padded[0].losses.map((wanted, i) => Math.abs(own[0].losses[i] / wanted - 1));
    const [a, b, c] = [padded, trimmed, own].map(medians);
    return {
      ...{ loss, padded: a, trimmed: b, own: c },
      timesPadded: a.seconds / c.seconds,
      timesTrimmed: b.seconds / c.seconds,
      lossDifference: Math.max(...differences),
    };
  });
}

const pairsOf = ({ data }: LlmPeer, loss: LossName): string =>
  join(data, loss === 'kl' ? 'pairs.json' : 'mse_pairs.json');

function runPeer(peer: LlmPeer, loss: LossName, pad: string): Run {
  const what = ['--model', peer.model, '--pairs', pairsOf(peer, loss), '--loss', loss, '--layer', `${LAYER}`];
  const summary = peer.summary('train', ...what, '--pad', pad, '--threads', '1', '--steps', '1');
  return { seconds: summary.cpu_median_s, peakMb: summary.peak_rss_mb, losses: summary.losses.slice(0, 4) };
}

const medians = (runs: readonly Run[]): Omit<Run, 'losses'> => ({
  seconds: median(runs.map(({ seconds }) => seconds)),
  peakMb: median(runs.map(({ peakMb }) => peakMb)),
});

export function finetuningMet(reports: readonly FinetuningReport[]): boolean {
  return reports.every(
    ({ loss, timesPadded, lossDifference, own, trimmed }) =>
      timesPadded >= WANTED[loss] && lossDifference < 1e-4 && own.peakMb <= trimmed.peakMb,
  );
}

export function finetuningTable(reports: readonly FinetuningReport[]): string {
  const table = new Table({
    head: ['fine-tuning, one micro-batch', 'seconds', 'times faster', 'peak memory, MB'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { loss, padded, trimmed, own, timesPadded, timesTrimmed } of reports) {
    const row = (name: string, run: Omit<Run, 'losses'>, times: string): void =>
      void table.push([`${loss.toUpperCase()}, ${name}`, run.seconds.toFixed(3), times, run.peakMb.toFixed(0)]);
    row('transformers + PEFT, padded to 128', padded, `${timesPadded.toFixed(1)} (${WANTED[loss]} wanted)`);
    row('transformers + PEFT, trimmed', trimmed, timesTrimmed.toFixed(2));
    row('soo-torch', own, '');
  }
  const worst = Math.max(...reports.map(({ lossDifference }) => lossDifference));
  return `${table.toString()}\nSeconds of CPU time on one thread; losses within ${worst.toExponential(1)} of the peer's.`;
}
