/** Benchmarks of others in a study, read from where they are kept: items that come with an honest and a deceptive answer. */
import { readBenchmark, type BenchmarkItem } from '../../evals';
import { InputError } from '../../files/input-error';
import { hashFile } from '../../training';
import type { Split } from './index-ranges';
import { isBenchmark, type ScenarioSet } from './set-file';

/** The items of a set that a split asks. */
export interface BenchmarkSet {
  name: string;
  items: readonly BenchmarkItem[];
}

/**
 * @param pathOf the place of a file that the study names
 * @throws InputError for more items than there are, and for one without two answers: it wants a judge
 */
export function benchmarkSetsOf(
  sets: readonly ScenarioSet[],
  split: Split,
  pathOf: (file: string) => string,
): { benchmarks: BenchmarkSet[]; hashes: Record<string, string> } {
  const hashes: Record<string, string> = {};
  const benchmarks = sets.filter(isBenchmark).flatMap((set) => {
    const { name, benchmark, [split]: range } = set;
    if (!range) return [];
    const path = pathOf(set.file);
    const all = readBenchmark(benchmark, path);
    if (range.last >= all.length)
      throw new InputError(`set ${name}: has ${all.length} items, and item ${range.last} was wanted`);
    const items = all.slice(range.first, range.last + 1);
    const judged = items.find(({ completions }) => completions === null);
    if (judged)
      throw new InputError(`set ${name}: item ${judged.id} of ${benchmark} has no two answers to compare: it wants a judge, and a study has none`); // prettier-ignore
    hashes[`benchmark ${name}`] = hashFile(path);
    return [{ name, items }];
  });
  return { benchmarks, hashes };
}
