/** How hard it turns towards what it sees. */
const GAIN = 20;

/**
 * The scripted adversary of physical deception: it runs after the good agent while it sees it, and stands still when
 * not. It trusts blue, which a learned red hardly does, so that a blue that deceives can be told from one that does not.
 * @param observations red's, `[worlds, 6]`
 * @param actions written, `[worlds, 2]`
 */
export function follow(observations: ArrayLike<number>, actions: Float32Array | Float64Array): void {
  for (let world = 0; world * 6 < observations.length; world++)
    for (let axis = 0; axis < 2; axis++) {
      const towards = GAIN * observations[world * 6 + 4 + axis];
      actions[world * 2 + axis] = Math.min(1, Math.max(-1, towards));
    }
}
