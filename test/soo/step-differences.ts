import type { StepRecord } from '../../lib/training';

/**
 * Where two logs of runs differ: in losses, their parts and other numbers by more than `tolerance` (relatively, above 1), or
 * in gradient norms by more than 1e-5 relatively.
 */
export function stepDifferences(
  one: readonly StepRecord[],
  another: readonly StepRecord[],
  tolerance: number,
): string[] {
  if (one.length !== another.length) return [`${one.length} and ${another.length} batches`];
  const isFar = (a: number, b: number): boolean => !(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a)));
  const isOff = (a: number, b: number): boolean => !(Math.abs(a - b) <= 1e-5 * a + 1e-6);
  return one.flatMap((a, i) => {
    const b = another[i];
    const norms = Object.keys(a.gradNorms).filter((name) => isOff(a.gradNorms[name], b.gradNorms[name]));
    const parts = Object.keys(a.parts).filter((name) => isFar(a.parts[name], b.parts[name]));
    const rest = (['loss', 'tokens', 'step', 'lr'] as const).filter((name) => isFar(a[name], b[name]));
    return [...norms, ...parts, ...rest].map((name) => `batch ${a.microBatch}: ${name}`);
  });
}
