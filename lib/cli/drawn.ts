import { MissingPackages } from '../report';

/**
 * What a long run draws of its results, or null where the packages that draw are not installed: the results are kept,
 * and a line on stderr says how to draw them later.
 */
export async function drawnIfPossible<T>(results: string, draw: () => T | Promise<T>): Promise<T | null> {
  try {
    return await draw();
  } catch (thrown) {
    if (!(thrown instanceof MissingPackages)) throw thrown;
    process.stderr.write(`soo: nothing is drawn: ${thrown.message}; then: soo report ${results}\n`);
    return null;
  }
}
