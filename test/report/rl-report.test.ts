/** The figures of the reinforcement learning commands, from made-up results whose look is known. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { writeRlReport } from '../../lib/report';
import { readRlResults, writeRlResults } from '../../lib/studies/agents';
import { contourPanels } from '../../lib/report/charts/contour-panels';
import { rlCharts } from '../../lib/report/charts/rl-charts';
import { ARMS } from '../../lib/rl/evaluation/comparison';
import { resultsOf } from './made-up';

const measure = (mean: number | null) => ({
  mean,
  ci95: mean === null ? null : [mean - 0.1, mean + 0.1],
  std: mean === null ? null : 0.05,
  bySeed: [mean, mean],
});
const arm = (rate: number) => ({
  trapRate: measure(rate),
  deceptiveMoveRate: measure(rate / 2),
  goalSteps: measure(40 * (1 - rate)),
  returns: { adversary: measure(20), good: measure(null) },
  overlap: measure(-2),
  overlapMatchedFlags: measure(-3),
  actionOverlap: measure(-4),
  actionOverlapMatchedFlags: measure(null),
});
/** Falls off in steps of `height` / 10 along the first threshold. */
const surface = (height: number) => ({
  mean: Float64Array.from({ length: 10_000 }, (_, cell) => height * (1 - Math.floor(cell / 1000) / 10)),
  std: new Float64Array(10_000),
});
const difference = (mean: number) => ({ mean, std: 1, bySeed: [mean - 1, mean + 1] });
const differences = { tunedHonest: difference(3), tunedDeceptive: difference(98), honestDeceptive: difference(62) };
const byCount = (first: number, last: number) => ({ '1': first, '500': last });
const interval = (low: number, high: number) => ({ '1': [low, high], '500': [low, high] });

const { origin } = resultsOf([]);
const RESULTS = {
  origin: { ...origin, command: ['soo', '<script>alert(1)</script>'] },
  config: { seeds: [1, 2], note: '</pre><img src=x onerror=alert(1)>' },
  classification: {
    seeds: [1, 2],
    accuracy: { overlap: byCount(0.5, 1), overlapMatchedFlags: byCount(0, 0.25) },
    ci95: { overlap: interval(0.1, 0.9), overlapMatchedFlags: interval(0, 1) },
    means: { deceptive: { overlap: [[NaN, -2]] }, honest: { overlap: [[-3, -4]] } },
  },
  comparison: {
    arms: { deceptive: arm(0.8), tuned: arm(0.3), control: arm(0.7), honest: arm(0.13) },
    counts: Object.fromEntries(
      ['tuned', 'control'].map((between) => [
        between,
        { surfaces: { deceptive: surface(10), between: surface(6), honest: surface(5) }, differences },
      ]),
    ),
    rates: {
      surfaces: Object.fromEntries(ARMS.map((name, i) => [name, surface(40 - 10 * i)])),
      differences: { tuned: differences, control: differences },
    },
    crossPlay: ['deceptive', 'honest'].map((blue) => ({ red: 'follower', blue, ...arm(0.4) })),
  },
  learning: [{ arm: 'tuned', agent: 'good', points: [100, 200].map((n) => ({ episodes: n, mean: n, ci95: null })) }],
};

t.test('results come back as they were written, and draw the same report', async (t) => {
  const folder = t.testdir({ a: {}, b: {} });
  const at = (...names: string[]) => join(folder, ...names);
  const stored = writeRlResults(at('results.json'), RESULTS);
  t.same(readRlResults(at('results.json')), stored);
  t.equal(stored.comparison?.counts.tuned?.surfaces.deceptive.mean[1000], 9);
  t.equal(stored.classification?.means.deceptive.overlap[0][0], null, 'what was not measured');
  const first = await writeRlReport(stored, at('a'));
  const second = await writeRlReport(readRlResults(at('results.json')), at('b'));
  t.same(readFileSync(first.report), readFileSync(second.report));
  const charts = ['behaviour', 'classification', 'differences', 'learning', 'sweep-counts', 'sweep-rates'];
  t.same(
    readdirSync(at('a', 'charts')).sort(),
    charts.map((name) => `${name}.png`),
  );

  const page = readFileSync(first.report, 'utf8');
  t.notMatch(page, /<script|<img|href="http/i, 'nothing is run or fetched, whatever is stored');
  t.match(page, '&lt;script&gt;');
  const words = page
    .replace(/<(style|svg)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
  t.match(words, /red trapped, % of episodes 80\.0 \[70\.0, 90\.0\] ±5\.0 30\.0/);
  t.match(words, /tuned and honest 3\.00 ±1\.0/);
  t.match(words, /overlap of actions, matched flags - - - -/);
  t.match(words, /blue \\ red follower deceptive 40\.0 honest 40\.0/);
  t.match(words, /500 100\.0 25\.0/);
});

t.test('only what was measured is drawn', async (t) => {
  const folder = t.testdir();
  const { origin, config, classification } = RESULTS;
  const stored = writeRlResults(join(folder, 'results.json'), { origin, config, classification });
  t.same(
    rlCharts(stored).map(({ name }) => name),
    ['classification'],
  );
});

t.test('bands of a surface: every cell in one, steps where the surface has them', async (t) => {
  const { data } = contourPanels([{ name: 'steps', surface: [...surface(10).mean] }], 'moves') as {
    data: { values: { x: number; x2: number; y: number; y2: number; level: number }[] };
  };
  t.equal(data.values.length, 100, 'a column has one height');
  const area = data.values.reduce((sum, { x, x2, y, y2 }) => sum + (x2 - x) * (y2 - y), 0);
  t.ok(Math.abs(area - (100 / 99) * (200 / 99)) < 1e-9);
  t.same([...new Set(data.values.map(({ level }) => level))], [10, 8, 6, 4, 2, 0]);
  t.equal(data.values.find(({ x, x2 }) => x < 20 / 99 && x2 > 20 / 99)?.level, 8, 'of 8, at threshold 20');
  t.doesNotThrow(() => contourPanels([{ name: 'none', surface: new Array<number>(10_000).fill(0) }], 'moves'));
});

t.test('a file that is not such a result is refused with its place', async (t) => {
  const file = join(t.testdir(), 'results.json');
  const refused = (change: (text: string) => string, message: RegExp): void => {
    writeRlResults(file, RESULTS);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    t.throws(() => readRlResults(file), { name: 'InputError', message });
  };
  refused((text) => text.slice(0, -9), /^results.json: is not JSON/);
  refused((text) => text.replace('soo-torch rl 1', 'x'), /^results.json: format/);
  refused((text) => text.replace('"arm":"tuned"', '"arm":"x"'), /^results.json: learning.0.arm/);
  refused((text) => text.replace('"mean":[10,', '"mean":['), /^results.json: comparison.counts.*mean/);
});
