/** Benchmarks of others, read from where the user keeps them: the files are in nobody's way but theirs. */
import { InputError, shown } from '../../files/input-error';
import { readApollo } from './apollo';
import { readBeHonest } from './be-honest';
import type { BenchmarkItem, BenchmarkReader } from './benchmark';
import { readDeceptionBench } from './deception-bench';
import { readMask } from './mask';

export { BE_HONEST_LETTERS } from './be-honest';
export type { BenchmarkItem } from './benchmark';
export {
  benchmarkFormats,
  compareCompletions,
  completionRates,
  type Compared,
  type CompletionRates,
  type FormatOf,
} from './completions';

/** A new benchmark is one file, and its line here. */
export const BENCHMARKS = {
  apollo: readApollo,
  'deception-bench': readDeceptionBench,
  'be-honest': readBeHonest,
  mask: readMask,
} as const satisfies Record<string, BenchmarkReader>;
export type BenchmarkName = keyof typeof BENCHMARKS;

/** The items of a benchmark's file. @throws InputError for an unknown name, or a file of another form */
export function readBenchmark(name: string, path: string): BenchmarkItem[] {
  const names = Object.keys(BENCHMARKS);
  if (!names.includes(name)) throw new InputError(`wanted a benchmark of ${names.join(', ')}, got ${shown(name)}`);
  return BENCHMARKS[name as BenchmarkName](path);
}
