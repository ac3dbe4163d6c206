import t from 'tap';
import { Random } from '../../lib/random';
import { mcnemar, pairedBootstrap, type Difference } from '../../lib/statistics';

/** Box and Muller 1958. */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());

interface World {
  families: number;
  seeds: number;
  items: number;
  /** Standard deviations of what a family, a seed and an item add to the difference. */
  family: number;
  seed: number;
  item: number;
}

const TRUTH = -0.3;

function drawn({ families, seeds, items, family, seed, item }: World, random: Random): Difference[] {
  const ofSeed = Array.from({ length: seeds }, () => seed * normal(random));
  return Array.from({ length: families }, (_, i) => {
    const ofFamily = family * normal(random);
    return ofSeed.flatMap((shift, k) =>
      Array.from({ length: items }, () => ({
        value: TRUTH + ofFamily + shift + item * normal(random),
        cluster: String(i),
        seed: k,
      })),
    );
  }).flat();
}

const STUDIES = 1500;

/** Share of simulated studies whose 95% interval has the truth: chance moves it by 0.006. */
function coverage(world: World): number {
  const random = new Random(5);
  let covered = 0;
  for (let study = 0; study < STUDIES; study++) {
    const { interval } = pairedBootstrap(drawn(world, random), { resamples: 300, seed: study, range: [-9, 9] });
    if (interval && interval[0] <= TRUTH && TRUTH <= interval[1]) covered++;
  }
  return covered / STUDIES;
}

t.test('intervals have the truth as often as they say, or oftener', async (t) => {
  const world = { families: 9, seeds: 5, items: 4, family: 0.1, seed: 0.1, item: 0.2 };
  for (const [name, others, least, most] of [
    ['families and seeds differ', {}, 0.935, 0.985],
    ['three seeds', { seeds: 3 }, 0.935, 0.99],
    ['only seeds differ', { family: 0, item: 0.02 }, 0.935, 0.965],
    ['only seeds differ, three of them', { seeds: 3, family: 0, item: 0.02 }, 0.935, 0.965],
    ['only seeds differ, ten of them', { seeds: 10, family: 0, item: 0.02 }, 0.935, 0.965],
    ['only families differ, of one seed', { families: 25, seeds: 1, seed: 0, item: 0.02 }, 0.935, 0.965],
    ['only items differ: cautious', { family: 0, seed: 0 }, 0.97, 1],
  ] as const) {
    const share = coverage({ ...world, ...others });
    t.comment(`${name}: ${share}`);
    t.ok(share >= least && share <= most, `${name}: ${share} of 95% intervals`);
  }
});

t.test('the interval is the same for the same seed, and moves by little for another', async (t) => {
  const differences = drawn({ families: 9, seeds: 5, items: 4, family: 0.1, seed: 0.1, item: 0.2 }, new Random(3));
  const one = pairedBootstrap(differences);
  t.same(pairedBootstrap(differences), one);
  t.match(one, { n: 180, clusters: 9, seeds: 5 });
  const other = pairedBootstrap(differences, { seed: 2 });
  t.not(other.interval?.[0], one.interval?.[0]);
  for (const end of [0, 1]) t.ok(Math.abs((other.interval?.[end] ?? NaN) - (one.interval?.[end] ?? NaN)) < 0.02);
});

t.test('equal differences are no certainty, and a single question is no sample', async (t) => {
  const all = Array.from({ length: 250 }, (_, i) => ({ value: -1, cluster: String(i), seed: 7 }));
  const { interval } = pairedBootstrap(all);
  t.equal(interval?.[0], -1);
  t.ok(
    Math.abs((interval?.[1] ?? NaN) - (-1 + 2 * 0.01191)) < 1e-4,
    'by the rule of three: up to 1.2% may differ by 2',
  );
  t.equal(pairedBootstrap([{ value: 0.5, cluster: 'a', seed: 1 }]).interval, null);
  t.throws(() => pairedBootstrap([]), /there are no differences/);
});

t.test("McNemar's test keeps its level", async (t) => {
  const random = new Random(1129);
  const [runs, items] = [4000, 250];
  for (const changing of [0.05, 0.2, 0.5]) {
    let [exact, mid] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const before = Array.from({ length: items }, () => random.chance(0.5));
      const after = before.map((was) => (random.chance(changing) ? random.chance(0.5) : was));
      const { p, midP } = mcnemar(before, after);
      if (p <= 0.05) exact++;
      if (midP <= 0.05) mid++;
    }
    t.comment(`${changing / 2} of items change: exact ${exact / runs}, mid-p ${mid / runs}`);
    t.ok(exact / runs <= 0.055, `exact: ${exact / runs}`);
    t.ok(mid / runs >= 0.035 && mid / runs <= 0.062, `mid-p: ${mid / runs}`);
  }
});
