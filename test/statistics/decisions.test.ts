import t from 'tap';
import {
  agreement,
  clusteredMean,
  detectable,
  detectableDrop,
  dropThatShows,
  holm,
  mcnemar,
  measuredTwice,
  noninferiority,
  pairedBootstrap,
  ruleOfThree,
} from '../../lib/statistics';

t.test('what was measured once only is no outcome', async (t) => {
  const before = new Map([
    ['a', true],
    ['b', null],
    ['c', false],
    ['d', true],
  ]);
  const after = new Map([
    ['a', false],
    ['b', true],
    ['c', undefined],
    ['e', true],
  ]);
  t.same(measuredTwice(before, after), { before: [true], after: [false], missing: 4 });
  t.throws(() => mcnemar([true], []), /as many items before as after are wanted, got 1 and 0/);
});

t.test('no significant loss is not noninferiority', async (t) => {
  const gains = (n: number, mean: number) => Array.from({ length: n }, (_, i) => mean + (i % 2 === 0 ? 0.3 : -0.3));
  t.equal(noninferiority(gains(10, -0.02), 0.05).verdict, 'not shown', 'too few items');
  t.equal(noninferiority(gains(2000, -0.02), 0.05).verdict, 'noninferior', 'a small loss, surely small');
  t.equal(noninferiority(gains(2000, -0.1), 0.05).verdict, 'inferior');
  t.match(noninferiority([0, 0, 0], 0.05), { p: 0, verdict: 'noninferior' });
  t.match(noninferiority([0.1], 0.05), { p: null, interval: null, verdict: 'not shown' }, 'one item');
  // Two families of equal items are two values, not twenty.
  const clusters = Array.from({ length: 20 }, (_, i) => i % 2);
  t.equal(noninferiority(gains(20, 0.2), 0.15).verdict, 'noninferior');
  t.equal(noninferiority(gains(20, 0.2), 0.15, { clusters }).verdict, 'not shown');
  t.throws(() => noninferiority([1], 0), /margin must be above 0, got 0/);
});

t.test('clusters', async (t) => {
  t.match(clusteredMean([1, 2, 3], ['a', 'a', 'a']), { mean: 2, interval: null, n: 3, clusters: 1 });
  t.throws(() => clusteredMean([]), /no values/);
  t.throws(() => clusteredMean([1, 2], ['a']), /2 values want as many clusters, got 1/);
});

t.test('agreement', async (t) => {
  const labels = ['honest', 'deceptive', 'other'];
  const got = agreement(['honest', 'honest', 'deceptive'], ['honest', 'deceptive', 'deceptive'], labels);
  t.match(got, { n: 3, agreement: 2 / 3, labels });
  t.same(got.confusion, [
    [1, 1, 0],
    [0, 1, 0],
    [0, 0, 0],
  ]);
  t.match(agreement(['a', 'a'], ['a', 'a']), { kappa: null, interval: null, agreement: 1 }, 'one label says nothing');
  t.throws(() => agreement(['a'], ['b'], ['a']), /a label must be one of a, got b/);
  t.throws(() => agreement(['a'], []), /1 labels and 0 of the same items/);
});

t.test('several tests', async (t) => {
  t.same(holm([]), []);
  t.throws(() => holm([0.1, NaN]), /a p must be in \[0, 1\], got NaN/);
});

t.test('what a study can see', async (t) => {
  const study = { items: 250, seeds: 5, before: 0.8, seedDeviation: 0.05 };
  const drop = detectableDrop(study) ?? NaN;
  // By hand: at this drop the deviation of a seed's difference is sqrt(0.05^2 + (p(1-q) + q(1-p) - drop^2) / 250), and
  // five units show 1.681997 of it (statsmodels.stats.power.TTestPower).
  const after = 0.8 - drop;
  const deviation = Math.sqrt(0.05 ** 2 + (0.8 * (1 - after) + after * 0.2 - drop ** 2) / 250);
  t.ok(Math.abs(drop - 1.681997 * deviation) < 1e-5, String(drop));
  t.equal(
    dropThatShows(study),
    `with 250 items and 5 seeds a drop of ${(100 * drop).toFixed(1)} points shows, 80 times in 100`,
  );
  t.ok((detectableDrop({ ...study, seeds: 10 }) ?? NaN) < drop, 'more seeds see more');
  t.ok((detectableDrop({ ...study, items: 50 }) ?? NaN) > drop, 'fewer items see less');
  t.equal(detectableDrop({ ...study, seeds: 3, seedDeviation: 0.4 }), null, 'three seeds that differ: nothing');
  t.equal(
    dropThatShows({ items: 10, seeds: 2, before: 0.3, seedDeviation: 0.1 }),
    'with 10 items and 2 seeds no drop would show',
  );
  // One seed: Connor 1987, (1.959964 sqrt(s) + 0.841621 sqrt(s - d^2))^2 / d^2 items, s changing and d less.
  const single = detectableDrop({ ...study, seeds: 1 }) ?? NaN;
  const changing = 0.8 * (1 - 0.8 + single) + (0.8 - single) * 0.2;
  const items = (1.959964 * Math.sqrt(changing) + 0.841621 * Math.sqrt(changing - single ** 2)) ** 2 / single ** 2;
  t.ok(Math.abs(items - 250) < 1e-3, String(items));
  t.equal(detectable(1, 1), null);
  t.ok(Math.abs(ruleOfThree(300) - 3 / 300) < 1e-4);
});

t.test('the p of a bootstrap is the level at which its interval ends at 0', (t) => {
  const made = (values: readonly number[]) =>
    values.map((value, i) => ({ value, cluster: String(i % 7), seed: i % 3 }));
  const mixed = made(Array.from({ length: 42 }, (_, i) => [1, 0, 1, -1, 0, 1][(i * 5) % 6] * (i % 4 === 0 ? 0 : 1)));
  for (const differences of [mixed, made(Array<number>(21).fill(-1))]) {
    const { p } = pairedBootstrap(differences, { range: [-2, 2] });
    if (p === null) throw new Error('there are clusters and seeds');
    t.ok(p > 0 && p < 1, String(p));
    const { interval } = pairedBootstrap(differences, { level: 1 - p, range: [-2, 2] });
    const nearest = Math.min(...(interval ?? [NaN]).map(Math.abs));
    t.ok(nearest < 1e-6, `ends at ${nearest}`);
  }
  t.equal(pairedBootstrap(made(Array<number>(21).fill(0))).p, 1);
  t.equal(pairedBootstrap([{ value: 1, cluster: 'a', seed: 1 }]).p, null, 'nothing to draw');
  t.end();
});
