/** How far apart a policy is on the two sides, smaller being more overlap: of rows, and over episodes. */
import { torch, type Tensor } from '../../torch';
import type { Layers, Policy } from '../maddpg';
import { GOOD, type PhysicalDeception } from '../scenarios/physical-deception';
import type { Watcher } from './episodes';
import { IMAGINED_SIGHT, SelfOther } from './self-other';

/** What is compared: the hidden activations of both layers, or the actions. */
export const OVERLAPS = ['latent', 'action'] as const;
export type Overlap = (typeof OVERLAPS)[number];

/** Keeps the logarithm of no difference at all finite. */
const FLOOR = 1e-25;

/**
 * Mean squared difference per row, with its gradient: of both hidden layers side by side (128 numbers), or of the
 * actions. The policy should be in eval mode.
 * @param self `[rows, observationSize]`
 * @param other `[rows, observationSize]`
 * @returns `[rows]`
 */
export function distances(policy: Policy, self: Tensor, other: Tensor, what: Overlap): Tensor {
  return layerDistances(policy.layers(self), policy.layers(other), what);
}

/** The same from what the policy computes on each side. */
export function layerDistances(self: Layers, other: Layers, what: Overlap): Tensor {
  return compared(self, what).sub(compared(other, what)).square().mean(-1);
}

function compared({ h1, h2, output }: Layers, what: Overlap): Tensor {
  return what === 'latent' ? torch.cat([h1, h2], -1) : output;
}

/** Upstream's value of a mean squared difference: its logarithm. */
export function logDistance(distance: Tensor): Tensor {
  return distance.add(FLOOR).log();
}

/**
 * What overlap is measured in. `overlap` is upstream's: hidden activations of what blue sees, against red imagined
 * nearby and not trapped. `MatchedFlags`: the trap flags are those of the other side on both. `action`: of the actions.
 */
export const OVERLAP_FORMS = {
  overlap: { what: 'latent', matched: false },
  overlapMatchedFlags: { what: 'latent', matched: true },
  actionOverlap: { what: 'action', matched: false },
  actionOverlapMatchedFlags: { what: 'action', matched: true },
} as const satisfies Record<string, { what: Overlap; matched: boolean }>;
export type OverlapForm = keyof typeof OVERLAP_FORMS;

export const FORMS = Object.keys(OVERLAP_FORMS) as OverlapForm[];
const SIDES = ['self', 'selfMatched', 'other'] as const;
type Side = (typeof SIDES)[number];

/** By episode: sums of log distances over the steps with red out of sight, and how many there are. */
export interface EpisodeOverlap {
  sums: Readonly<Record<OverlapForm, readonly number[]>>;
  steps: readonly number[];
}

/** Overlap of blue's self and other over episodes, in every form, from one pass. */
export class OverlapWatcher implements Watcher, EpisodeOverlap {
  readonly sums: Record<OverlapForm, number[]>;
  readonly steps: number[] = [];
  private readonly selfOther: SelfOther;
  /** Rows of the current episodes, and the world of each. */
  private readonly rows: Record<Side, Float32Array>;
  private readonly worldOf: number[] = [];
  private readonly size: number;

  constructor(
    environment: PhysicalDeception,
    private readonly policy: Policy,
    { seed, episodeLength }: { seed: number; episodeLength: number },
  ) {
    this.selfOther = new SelfOther(environment, { sight: IMAGINED_SIGHT.evaluation, seed });
    this.size = environment.agents[GOOD].observationSize;
    const capacity = environment.worlds * episodeLength * this.size;
    const sides = SIDES.map((side) => [side, new Float32Array(capacity)]);
    this.rows = Object.fromEntries(sides) as Record<Side, Float32Array>;
    this.sums = Object.fromEntries(FORMS.map((form) => [form, [] as number[]])) as Record<OverlapForm, number[]>;
  }

  begin(episodes: readonly number[]): void {
    this.selfOther.begin(episodes);
    this.worldOf.length = 0;
  }

  beforeStep(): void {
    this.selfOther.see();
  }

  afterStep(): void {
    const { selfOther, rows, worldOf, size } = this;
    selfOther.imagine();
    for (let world = 0; world < selfOther.usable.length; world++) {
      if (!selfOther.usable[world]) continue;
      const at = worldOf.push(world) * size - size;
      for (const side of SIDES) rows[side].set(selfOther[side].subarray(world * size, (world + 1) * size), at);
    }
  }

  end(counted: number): void {
    const { worldOf } = this;
    const steps = new Array<number>(counted).fill(0);
    for (const world of worldOf) if (world < counted) steps[world]++;
    this.steps.push(...steps);
    const values = this.values();
    for (const form of FORMS) {
      const sums = new Array<number>(counted).fill(0);
      worldOf.forEach((world, row) => {
        if (world < counted) sums[world] += values[form][row];
      });
      this.sums[form].push(...sums);
    }
  }

  /** By row, of all rows at once. */
  private values(): Record<OverlapForm, Float64Array> {
    const { policy, worldOf, size } = this;
    const rows = worldOf.length;
    policy.eval();
    const work = (): [OverlapForm, Float64Array][] => {
      const [self, selfMatched, other] = SIDES.map((side) =>
        policy.layers(torch.tensor(this.rows[side].subarray(0, rows * size), { shape: [rows, size] })),
      );
      return FORMS.map((form) => {
        const { what, matched } = OVERLAP_FORMS[form];
        const logs = logDistance(layerDistances(matched ? selfMatched : self, other, what));
        return [form, Float64Array.from(logs.toTypedArray() as Float32Array)];
      });
    };
    const values = rows > 0 ? torch.inferenceMode(() => torch.scope(work)) : [];
    return Object.fromEntries(values) as Record<OverlapForm, Float64Array>;
  }
}

/** Means over the steps of the first 1, 100, ... episodes; NaN where red was in sight at all of them. */
export function prefixMeans(sums: readonly number[], steps: readonly number[], episodes: readonly number[]): number[] {
  const totals: number[] = [];
  let [sum, count] = [0, 0];
  sums.forEach((value, episode) => {
    sum += value;
    count += steps[episode];
    totals.push(sum / count);
  });
  return episodes.map((n) => totals[n - 1]);
}
