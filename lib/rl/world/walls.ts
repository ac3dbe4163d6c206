/** How hard a wall pushes back, per unit of penetration. */
const CONTACT_FORCE = 100;
/** Over what distance the push sets in. */
const CONTACT_MARGIN = 1e-3;
/** Beyond this many margins `exp` gives exactly 0, and so does the force. */
const OUT_OF_REACH = 746;

/** A wall along one axis, in units of the world. */
export interface Wall {
  /** The axis that it crosses: 0 for a wall at an x, 1 for a wall at a y. */
  readonly across: 0 | 1;
  readonly at: number;
  /** Where it begins and ends on the other axis. */
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

/** Walls around -1..1, in upstream's order, in which their forces are summed. */
export const ROOM: readonly Wall[] = [
  { across: 1, at: -1, from: -1, to: 1, width: 0.1 },
  { across: 1, at: 1, from: -1, to: 1, width: 0.1 },
  { across: 0, at: -1, from: -1, to: 1, width: 0.1 },
  { across: 0, at: 1, from: -1, to: 1, width: 0.1 },
];

/**
 * Adds the push of a wall on a disc to `force` (`[2]`). `positions[i]`, `positions[i + 1]` is the disc's centre.
 *
 * Where a part of the disc is beyond the wall's end, the wall acts on the rest, and pushes along itself as well. A
 * disc whose centre is exactly on the wall's line is not pushed by it: neither side is nearer (upstream: NaN).
 * Source: `get_wall_collision_force` of upstream's particle environment (`core.py`).
 */
export function addWallForce(
  force: Float64Array,
  wall: Wall,
  positions: Float64Array,
  i: number,
  radius: number,
): void {
  const along = positions[i + 1 - wall.across];
  if (along < wall.from - radius || along > wall.to + radius) return;
  const offset = positions[i + wall.across] - wall.at;
  const distance = Math.abs(offset);
  const past = along < wall.from ? along - wall.from : along > wall.to ? along - wall.to : 0;
  const angle = past === 0 ? 0 : Math.asin(past / radius);
  const cosine = past === 0 ? 1 : Math.cos(angle);
  const gap = (distance - (cosine * radius + 0.5 * wall.width)) / CONTACT_MARGIN;
  if (distance === 0 || gap > OUT_OF_REACH) return;
  const push = ((CONTACT_FORCE * offset) / distance) * (softplus(-gap) * CONTACT_MARGIN);
  force[wall.across] += cosine * push;
  if (past !== 0) force[1 - wall.across] += Math.sin(angle) * Math.abs(push);
}

/** log(1 + exp(x)) as NumPy's `logaddexp(0, x)` computes it: exact at 0, no overflow. */
function softplus(x: number): number {
  if (x === 0) return Math.LN2;
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}
