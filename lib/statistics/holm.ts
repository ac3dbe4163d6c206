/**
 * Holm's correction (1979) for several tests: the chance of even one false alarm stays at the level, whatever the tests
 * have to do with each other.
 * @param ps one per test; @returns adjusted ones in the same order, to be compared with the level itself
 */
export function holm(ps: readonly number[]): number[] {
  const wrong = ps.find((p) => !(p >= 0 && p <= 1));
  if (wrong !== undefined) throw new RangeError(`holm: a p must be in [0, 1], got ${wrong}`);
  const order = ps.map((_, i) => i).sort((a, b) => ps[a] - ps[b]);
  const adjusted = new Array<number>(ps.length);
  let least = 0;
  order.forEach((test, place) => {
    least = Math.max(least, Math.min(1, (ps.length - place) * ps[test]));
    adjusted[test] = least;
  });
  return adjusted;
}
