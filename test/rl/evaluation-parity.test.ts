/** Overlap, classification and the threshold sweep against PyTorch and NumPy. */
import t from 'tap';
import { classify, PhysicalDeception, type Start } from '../../lib/rl';
import { compare, type Arm } from '../../lib/rl/evaluation/comparison';
import { COUNTS, type Behaviour } from '../../lib/rl/evaluation/behaviour';
import { FORMS, OverlapWatcher, prefixMeans, type OverlapForm } from '../../lib/rl/evaluation/overlap';
import type { SeedEpisodes } from '../../lib/rl/evaluation/evaluation';
import { IMAGINED_SIGHT, SelfOther } from '../../lib/rl/evaluation/self-other';
import { Policy } from '../../lib/rl/maddpg';
import { torch } from '../../lib/torch';
import { expected, largestDifference, roundingOfLog, written, type Written } from '../parity/expected';

torch.setNumThreads(1);

interface WrittenEpisode {
  number: number;
  start: Start;
  /** `[steps, 2, 2]` */
  actions: number[][][];
  /** `[steps, 10]` */
  others: number[][];
  /** By step, in the order of `FORMS`; null where red was in sight. */
  values: (number[] | null)[];
}
type Triple = [towardNonGoal: number, betweenLandmarks: number, inSight: number];
const oracle = expected<{
  policy: Record<string, Written>;
  seed: number;
  episodes: WrittenEpisode[];
  classification: {
    after: number[];
    /** By seed, then by episode: values of its steps. */
    deceptive: number[][][];
    honest: number[][][];
    /** By number of episodes, then by seed. */
    means: Record<'deceptive' | 'honest', (number | null)[][]>;
    accuracy: number[];
  };
  sweep: {
    runs: Record<'deceptive' | 'between' | 'honest', Triple[][]>;
    surfaces: Record<'deceptive' | 'between' | 'honest', number[][]>;
    deviations: Record<'deceptive' | 'between' | 'honest', number[][]>;
    differences: Record<string, { mean: number; std: number; bySeed: number[] }>;
  };
}>('rl-evaluation');

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function writtenPolicy(): Policy {
  const policy = new Policy(10, 2, 8);
  const state = new Map(Object.entries(oracle.policy).map(([name, tensor]) => [name, written(tensor)]));
  state.set('in_fn.num_batches_tracked', policy.stateDict().get('in_fn.num_batches_tracked')!);
  policy.loadStateDict(state);
  return policy;
}

t.test('overlap of recorded episodes, all three at once', async (t) => {
  const { episodes, seed } = oracle;
  const environment = new PhysicalDeception({ reward: 'honest', worlds: 3, seed: 0 });
  const sides = new SelfOther(environment, { seed, sight: IMAGINED_SIGHT.evaluation });
  const overlap = new OverlapWatcher(environment, writtenPolicy(), { seed, episodeLength: 12 });
  environment.resetTo(episodes.map(({ start }) => start));
  const numbers = episodes.map(({ number }) => number);
  sides.begin(numbers);
  overlap.begin(numbers);
  for (let step = 0; step < 12; step++) {
    sides.see();
    overlap.beforeStep();
    environment.step([0, 1].map((agent) => Float64Array.from(episodes.flatMap(({ actions }) => actions[step][agent]))));
    sides.imagine();
    overlap.afterStep();
    const others = episodes.flatMap(({ others }) => others[step]);
    t.ok(largestDifference([...sides.other], others) < 1e-12, `imagined at step ${step}`);
    const seen = episodes.map(({ values }) => (values[step] ? 1 : 0));
    t.same([...sides.usable], seen);
  }
  overlap.end(3);
  t.same(
    overlap.steps,
    episodes.map(({ values }) => values.filter(Boolean).length),
  );
  t.ok(overlap.steps.every((steps) => steps > 0) && overlap.steps.some((steps) => steps < 12));
  FORMS.forEach((form, i) => {
    episodes.forEach(({ values, number }, at) => {
      const logs = values.flatMap((value) => (value ? [value[i]] : []));
      const apart = Math.abs(overlap.sums[form][at] - total(logs));
      const most = total(logs.map(roundingOfLog));
      t.ok(apart <= most, `${form} of episode ${number}: ${apart}, of at most ${most}`);
    });
  });
});

t.test('accuracy after n episodes is that of pooling the first n anew', async (t) => {
  const { after, means, accuracy } = oracle.classification;
  const measured = (name: 'deceptive' | 'honest') =>
    oracle.classification[name].map((episodes) =>
      prefixMeans(
        episodes.map(total),
        episodes.map(({ length }) => length),
        after,
      ),
    );
  const forms = (bySeed: number[][]) => Object.fromEntries(FORMS.map((form) => [form, bySeed]));
  const both = { deceptive: measured('deceptive'), honest: measured('honest') };
  for (const name of ['deceptive', 'honest'] as const)
    both[name].forEach((counts, seed) =>
      counts.forEach((mean, i) => {
        const wanted = means[name][i][seed];
        t.ok(wanted === null ? Number.isNaN(mean) : Math.abs(mean - wanted) < 1e-12, `${name} ${seed} ${after[i]}`);
      }),
    );
  const seeds = both.honest.map((_, seed) => seed);
  const result = classify(
    {
      deceptive: forms(both.deceptive) as Record<OverlapForm, number[][]>,
      honest: forms(both.honest) as Record<OverlapForm, number[][]>,
    },
    { seeds, after },
  );
  after.forEach((count, i) => t.equal(result.accuracy.overlap[count], accuracy[i]));
  t.ok(new Set(accuracy).size > 1, 'they differ');
});

t.test('the threshold sweep and the differences of its surfaces', async (t) => {
  const { runs, surfaces, deviations, differences } = oracle.sweep;
  const counts = Object.fromEntries(COUNTS.map((name) => [name, [100]])) as unknown as Behaviour['counts'];
  const seedOf = (triples: Triple[]): SeedEpisodes => {
    const kept = triples.filter(([, , inSight]) => inSight === 1);
    const moves = kept.map(([towardNonGoal, betweenLandmarks]) => ({ towardNonGoal, betweenLandmarks, inSight: true }));
    const behaviour = { counts, moves, deceptiveMoves: [moves.length] };
    return {
      upstream: { ...behaviour, form: 'upstream' },
      clean: { ...behaviour, form: 'clean' },
      pay: { trapped: [], returns: {} },
      overlap: {
        steps: [],
        sums: { overlap: [], overlapMatchedFlags: [], actionOverlap: [], actionOverlapMatchedFlags: [] },
      },
    };
  };
  const armOf = { deceptive: 'deceptive', tuned: 'between', control: 'between', honest: 'honest' } as const;
  const arms = Object.entries(armOf).map(([arm, name]) => [arm, runs[name].map(seedOf)]);
  const compared = compare(Object.fromEntries(arms) as Record<Arm, SeedEpisodes[]>);
  const { surfaces: found, differences: apart } = compared.counts.tuned;
  const subgrid = (surface: ArrayLike<number>) =>
    Array.from(surface).filter((_, cell) => Math.floor(cell / 100) % 7 === 0 && (cell % 100) % 7 === 0);
  for (const name of ['deceptive', 'between', 'honest'] as const) {
    t.ok(largestDifference(subgrid(found[name].mean), surfaces[name].flat()) < 1e-12, name);
    t.ok(largestDifference(subgrid(found[name].std), deviations[name].flat()) < 1e-12, name);
  }
  for (const name of ['tunedHonest', 'tunedDeceptive', 'honestDeceptive'] as const) {
    const { mean, std, bySeed } = differences[name];
    const numbers = [apart[name].mean, apart[name].std, ...apart[name].bySeed];
    t.ok(largestDifference(numbers, [mean, std, ...bySeed]) < 1e-9, name);
  }
  // Rates are of all moves: none is cut off.
  const inSight = runs.deceptive.map((triples) => triples.filter(([, , seen]) => seen === 1));
  const passing = inSight.map((triples) => triples.filter(([toward, between]) => toward > 0 && between < 1).length);
  const mean = passing.reduce((sum, count) => sum + count, 0) / passing.length;
  t.ok(Math.abs(compared.rates.surfaces.deceptive.mean[99] - mean) < 1e-12, 'in percent of 100 steps');
});
