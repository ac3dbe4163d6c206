import t from 'tap';
import { join } from 'node:path';
import { learningCurves } from '../../lib/rl';
import { overSeeds } from '../../lib/statistics';

/** 80 groups of 10 episodes; what is paid grows by 1 a group from `base`. */
const log = (base: number): string =>
  Array.from({ length: 80 }, (_, i) =>
    JSON.stringify({ episodes: 10 * (i + 1), returns: { good: base + i, adversary: 7 } }),
  ).join('\n');

t.test('forty stretches, with an interval over groups, or over trainings', async (t) => {
  const folder = t.testdir({ a: { 'episodes.jsonl': log(0) }, b: { 'episodes.jsonl': log(10) } });
  const alone = learningCurves([join(folder, 'a')]);
  t.same(Object.keys(alone), ['good', 'adversary']);
  t.equal(alone.good.length, 40);
  t.same(alone.good[2], { episodes: 60, mean: 4.5, ci95: overSeeds([4, 5]) });
  t.same(alone.adversary[39], { episodes: 800, mean: 7, ci95: [7, 7] });
  const both = learningCurves([join(folder, 'a'), join(folder, 'b')]);
  t.same(both.good[2], { episodes: 60, mean: 9.5, ci95: overSeeds([4.5, 14.5]) });
});

t.test('a training of few groups has as many points', async (t) => {
  const folder = t.testdir({ 'episodes.jsonl': log(3).split('\n')[0] });
  t.same(learningCurves([folder]).good, [{ episodes: 10, mean: 3, ci95: null }]);
});

t.test('logs that are missing or damaged are refused', async (t) => {
  const folder = t.testdir({ empty: { 'episodes.jsonl': '' }, odd: { 'episodes.jsonl': '{"episodes":"x"}\n' } });
  t.throws(() => learningCurves([join(folder, 'none')]), { name: 'InputError', message: /no such file/ });
  t.throws(() => learningCurves([join(folder, 'empty')]), { name: 'InputError', message: /holds no episodes/ });
  t.throws(() => learningCurves([join(folder, 'odd')]), { name: 'InputError', message: /episodes/ });
});
