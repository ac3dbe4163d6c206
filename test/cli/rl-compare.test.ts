import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readRlResults } from '../../lib/studies/agents';
import { soo } from './soo';

const train = (reward: string, out: string, ...more: string[]) => [
  ...['rl', 'train', '--reward', reward, '--out', out, '--episodes', '4', '--worlds', '2', '--batch', '32'],
  ...more,
];

t.test('sets four agents beside each other, and draws what it found', async (t) => {
  const folder = t.testdir();
  const at = (...names: string[]) => join(folder, ...names);
  const arms = ['deceptive', 'honest', 'tuned', 'control'];
  const agents = arms.flatMap((arm) => [`--${arm}`, at(arm)]);
  const few = ['--episodes', '15', '--seeds', '3,5'];
  const pair = ['--deceptive', at('deceptive'), '--honest', at('honest')];
  const [trained, compared, classified, shown] = soo(
    train('deceptive', at('deceptive')),
    ...[train('honest', at('honest')), train('deceptive', at('tuned'), '--seed', '2')],
    train('deceptive', at('control'), '--opponent', 'follower'),
    ['rl', 'compare', ...agents, ...few, '--out', at('out'), '--json'],
    ['rl', 'classify', ...pair, '--episodes', '5', '--out', at('curve'), '--json'],
    ['rl', 'compare', ...agents, ...few],
  ).slice(3);
  t.equal(trained.code, 0, trained.stderr);
  t.match(compared, { code: 0, stderr: /rl compare/ });
  const {
    arms: found,
    differences,
    crossPlay,
    results,
    report,
    charts,
  } = JSON.parse(compared.stdout) as {
    arms: Record<string, Record<string, { mean: number; std: number }>>;
    differences: Record<string, Record<string, Record<string, { mean: number; std: number; bySeed: number[] }>>>;
    crossPlay: { red: string; blue: string; trapRate: { mean: number } }[];
    results: string;
    report: string;
    charts: string[];
  };
  t.same(Object.keys(found).sort(), [...arms].sort());
  for (const arm of arms) t.ok(found[arm].trapRate.mean >= 0 && found[arm].overlap.std >= 0, arm);
  for (const form of ['counts', 'rates'])
    for (const between of ['tuned', 'control'])
      for (const pair of ['tunedHonest', 'tunedDeceptive', 'honestDeceptive']) {
        const { mean, std, bySeed } = differences[form][between][pair];
        t.ok(mean >= 0 && std >= 0 && bySeed.length === 2, `${form} ${between} ${pair}`);
      }
  t.equal(crossPlay.length, 16, 'four blues with three reds that learned and the follower');
  const own = crossPlay.find(({ red, blue }) => red === 'tuned' && blue === 'tuned');
  t.same(own?.trapRate, found.tuned.trapRate, 'its own red');
  t.same(readRlResults(results).comparison?.crossPlay.length, 16);
  t.match(readFileSync(report, 'utf8'), /^<!doctype html>/);
  t.equal(charts.length, 5);
  t.same(readdirSync(at('curve', 'charts')), ['classification.png'], classified.stderr);
  t.match(shown.stdout, /red trapped, % of episodes[^]*honest and deceptive[^]*follower/);
});
