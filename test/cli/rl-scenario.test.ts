import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { interrupt } from './interrupt';
import { soo } from './soo';

const train = (out: string, ...more: string[]): string[] => [
  ...['rl', 'train', '--scenario', 'simple-adversary', '--worlds', '20', '--batch', '256', '--lr', '0.005'],
  ...['--noise-episodes', '500', '--out', out, '--json', ...more],
];
const bytes = (folder: string): string =>
  ['agents.safetensors', 'episodes.jsonl'].map((name) => readFileSync(join(folder, name), 'hex')).join();

t.test('simple-adversary trains, is interrupted and goes on to the same bytes, and learns', async (t) => {
  const folder = t.testdir();
  const at = (name: string): string => join(folder, name);
  const { code, stderr } = await interrupt(
    train(at('stopped'), '--episodes', '2000'),
    join(at('stopped'), 'episodes.jsonl'),
  );
  t.equal(code, 130, stderr);
  const [whole, resumed, untrained, evaluated, shown] = soo(
    train(at('whole'), '--episodes', '2000'),
    train(at('stopped'), '--episodes', '2000', '--resume'),
    train(at('untrained'), '--episodes', '1'),
    ['rl', 'evaluate', '--agent', at('whole'), '--episodes', '200', '--seeds', '1,2', '--json'],
    ['rl', 'evaluate', '--agent', at('whole'), '--episodes', '20', '--seeds', '1'],
  );
  for (const one of [whole, resumed, untrained, evaluated]) t.equal(one.code, 0, one.stderr);
  const [made, on, fresh] = [whole, resumed, untrained].map(({ stdout }) => JSON.parse(stdout));
  t.ok(on.resumedFrom > 0 && on.resumedFrom < 2000, `from ${on.resumedFrom}`);
  t.ok(bytes(at('stopped')) === bytes(at('whole')), 'the same agents and the same log');
  t.match(made, { episodes: 2000, envSteps: 50_000, config: { episodeLength: 25, worlds: 20 } });
  t.equal(made.updates, 3 * made.rounds, 'all three learn');
  t.ok(existsSync(join(at('whole'), 'run.json')) && readdirSync(join(at('whole'), 'tensorboard')).length === 1);

  // It is paid minus its distance in each of 25 steps: untrained it drifts away, trained it comes near both landmarks.
  const [before, after] = [fresh, made].map(({ returns }) => returns.adversary_0 as number);
  t.ok(after > before + 5, `the adversary is paid ${after}, and ${before} untrained`);
  t.ok(made.adversaryDistance < fresh.adversaryDistance - 0.3, 'and ends nearer to the goal');

  const measured = JSON.parse(evaluated.stdout);
  t.match(measured, { scenario: 'simple-adversary', reward: 'distance', episodes: 200, seeds: [1, 2] });
  for (const measure of [measured.adversaryDistance, measured.goodDistance, measured.returns.agent_1])
    t.ok(measure.ci95[0] <= measure.mean && measure.mean <= measure.ci95[1] && measure.bySeed.length === 2);
  t.ok(Math.abs(measured.adversaryDistance.mean - made.adversaryDistance) < 0.2, 'as after the training');
  t.match(shown.stdout, /adversary, from the goal.*paid to agent_1/s);

  const other = / wanted agents of physical-deception, got agents of simple-adversary\n$/;
  const own = ['--deceptive', '--honest', '--tuned', '--control'].flatMap((flag) => [flag, at('whole')]);
  const outcomes = soo(
    ['rl', 'finetune', '--from', at('whole'), '--out', at('x')],
    ['rl', 'film', '--agent', at('whole'), '--out', at('x') + '.gif'],
    ['rl', 'classify', ...own.slice(0, 4)],
    ['rl', 'compare', ...own],
    ['rl', 'evaluate', '--agent', at('whole'), '--opponent', 'follower'],
  );
  for (const outcome of outcomes) t.match(outcome, { code: 2, stdout: '', stderr: other });
  t.notOk(existsSync(at('x')), 'nothing is made');
});

t.test('what a scenario does not know is refused with what it knows', async (t) => {
  const out = join(t.testdir(), 'out');
  const calls: [string[], RegExp][] = [
    [['--scenario', 'tag'], /^soo: .*--scenario.*tag.*physical-deception, simple-adversary.*\n$/],
    [['--scenario', 'simple-adversary', '--reward', 'honest'], /^soo: --reward honest: wanted one of distance\n$/],
    [
      ['--scenario', 'simple-adversary', '--opponent', 'follower'],
      /^soo: --opponent follower: wanted one of learned\n$/,
    ],
    [[], /^soo: --reward: wanted one of deceptive, honest\n$/],
  ];
  const outcomes = soo(...calls.map(([more]) => ['rl', 'train', '--out', out, ...more]));
  outcomes.forEach((outcome, i) => t.match(outcome, { code: 2, stdout: '', stderr: calls[i][1] }));
  t.notOk(existsSync(out));
});

t.test('a folder that names no scenario holds agents of physical deception; one of another is refused', async (t) => {
  const folder = join(t.testdir(), 'run');
  const few = ['--episodes', '4', '--worlds', '2', '--batch', '32'];
  const [trained] = soo(['rl', 'train', '--reward', 'honest', '--out', folder, ...few]);
  t.equal(trained.code, 0, trained.stderr);
  const path = join(folder, 'run.json');
  const run = JSON.parse(readFileSync(path, 'utf8'));
  const evaluateWith = (inputs: object) => {
    writeFileSync(path, JSON.stringify({ ...run, inputs: { ...run.inputs, ...inputs } }));
    return soo(['rl', 'evaluate', '--agent', folder, '--episodes', '4', '--seeds', '1', '--json'])[0];
  };
  const unnamed = evaluateWith({ scenario: undefined });
  t.equal(unnamed.code, 0, unnamed.stderr);
  t.ok('trapRate' in JSON.parse(unnamed.stdout));
  const refused = { code: 2, stdout: '' };
  t.match(evaluateWith({ scenario: 'tag' }), {
    ...refused,
    stderr: 'soo: scenario: wanted one of physical-deception, simple-adversary, got tag\n',
  });
  t.match(evaluateWith({ reward: 'kind' }), {
    ...refused,
    stderr: 'soo: run.json: reward: wanted one of deceptive, honest, got kind\n',
  });
});
