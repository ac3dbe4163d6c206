/**
 * Saves so often that it takes no more than a share of the time between two checkpoints, the first one at once.
 * @param share of the time, between 0 and 1
 */
export function savingTimer<Position>(
  share: number,
  write: (position: Position) => void,
): { isDue: () => boolean; save: (position: Position) => void } {
  let [lastEnd, lastTook] = [performance.now(), 0];
  return {
    isDue: () => performance.now() - lastEnd >= lastTook / share,
    save(position) {
      const start = performance.now();
      write(position);
      lastEnd = performance.now();
      lastTook = lastEnd - start;
    },
  };
}
