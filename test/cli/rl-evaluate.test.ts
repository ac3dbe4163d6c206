import { join } from 'node:path';
import t from 'tap';
import { soo } from './soo';

const train = (reward: string, out: string, ...more: string[]) => [
  ...['rl', 'train', '--reward', reward, '--out', out, '--episodes', '6', '--worlds', '2', '--batch', '32'],
  ...more,
];

t.test('evaluates and classifies what `rl train` left', async (t) => {
  const folder = t.testdir();
  const at = (name: string) => join(folder, name);
  const few = ['--episodes', '20', '--seeds', '3', '5', '--json'];
  const [deceptive, honest, own, stranger, follower, classified, shown] = soo(
    train('deceptive', at('deceptive')),
    train('honest', at('honest'), '--opponent', 'follower'),
    ['rl', 'evaluate', '--agent', at('deceptive'), ...few],
    ['rl', 'evaluate', '--agent', at('deceptive'), '--opponent', at('honest'), ...few],
    ['rl', 'evaluate', '--agent', at('deceptive'), '--opponent', 'follower', ...few],
    ['rl', 'classify', '--deceptive', at('deceptive'), '--honest', at('honest'), '--episodes', '150', '--json'],
    ['rl', 'classify', '--deceptive', at('deceptive'), '--honest', at('honest'), '--episodes', '3', '--seeds', '1'],
  );
  for (const { code, stderr } of [deceptive, honest]) t.equal(code, 0, stderr);
  t.match(own, { code: 0, stderr: /rl evaluate/ });
  const measured = JSON.parse(own.stdout) as Record<string, { mean: number; ci95: number[]; bySeed: number[] }>;
  t.match(measured, { reward: 'deceptive', episodes: 20, seeds: [3, 5] });
  for (const name of ['trapRate', 'deceptiveMoveRate', 'goalSteps', 'overlap', 'overlapMatchedFlags']) {
    const { mean, ci95, bySeed } = measured[name];
    t.ok(ci95[0] <= mean && mean <= ci95[1] && bySeed.length === 2, name);
  }
  const others = [stranger, follower].map(({ stdout }) => JSON.parse(stdout) as typeof measured);
  t.same(others[0].returns, others[1].returns, 'the red of honest is a follower');
  t.notSame(others[0].returns, measured.returns);

  t.match(classified, { code: 0, stderr: /rl classify/ });
  const { accuracy, episodes } = JSON.parse(classified.stdout) as {
    accuracy: Record<string, Record<string, number>>;
    episodes: number[];
  };
  t.same(episodes, [1, 100, 150]);
  for (const form of ['overlap', 'overlapMatchedFlags'])
    for (const count of episodes) t.ok(accuracy[form][count] >= 0 && accuracy[form][count] <= 1, `${form} ${count}`);
  t.match(shown.stdout, /of 1 seeds/);
});

t.test('refuses what it cannot evaluate, in one line', async (t) => {
  const none = join(t.testdir(), 'none');
  const calls: [string[], RegExp][] = [
    [['evaluate'], /^soo: required option '--agent <dir>' not specified\n$/],
    [['evaluate', '--agent', none], /^soo: run.json: no such file: .*\n$/],
    [['evaluate', '--agent', none, '--seeds', '1,x'], /^soo: .*--seeds.* whole number.*\n$/],
    [['evaluate', '--agent', none, '--seeds', '1,1'], /^soo: .*--seeds.*No two of them may be the same.\n$/],
    [['evaluate', '--agent', none, '--episodes', '0'], /^soo: .*--episodes.*at least 1.\n$/],
    [['compare', '--deceptive', none], /^soo: required option '--honest <dir>' not specified\n$/],
    [['classify', '--deceptive', none], /^soo: required option '--honest <dir>' not specified\n$/],
    [['classify', '--deceptive', none, '--honest', none], /^soo: run.json: no such file: .*\n$/],
  ];
  const outcomes = soo(...calls.map(([call]) => ['rl', ...call]));
  outcomes.forEach((outcome, i) => t.match(outcome, { code: 2, stdout: '', stderr: calls[i][1] }, String(calls[i][1])));
});
