/** What every part of the packed run tells: lines of JSON on stdout, one for each number, which scripts/gpu/suite.js reads. */
import { torch, type Device } from '../../lib/torch';
import { DEVICE } from './workload';

export interface Measure {
  /** `finetune.kl.short`, a number's name in bench/results. */
  name: string;
  value: number;
  unit: string;
  /** Which way is good; without it the number is told and not compared. */
  better?: 'lower' | 'higher';
}

export function tell(name: string, value: number, unit: string, better?: Measure['better']): void {
  process.stdout.write(`${JSON.stringify({ name, value, unit, better } satisfies Measure)}\n`);
}

export const device = (): Device => torch.device(DEVICE);

/** Milliseconds by the clock, with everything that was queued on the device done at both ends. */
export async function milliseconds(work: () => unknown): Promise<number> {
  device().synchronize();
  const start = performance.now();
  await work();
  device().synchronize();
  return performance.now() - start;
}

/** The most that the device's allocator held since {@link resetPeak}; on a processor the most the process ever had. */
export function tellPeak(name: string): void {
  const onCpu = device().type === 'cpu';
  const bytes = onCpu ? process.resourceUsage().maxRSS * 1024 : device().memory().peak;
  tell(name, bytes / 1e9, 'GB', 'lower');
}

export function resetPeak(): void {
  if (device().type !== 'cpu') device().resetPeakMemory();
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
