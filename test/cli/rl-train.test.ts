import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { interrupt } from './interrupt';
import { soo } from './soo';

const SMALL = ['--worlds', '10', '--batch', '32', '--steps-per-round', '100'];

const train = (...more: string[]): string[] => ['rl', 'train', '--reward', 'deceptive', ...SMALL, ...more];
const bytes = (folder: string): string => readFileSync(join(folder, 'agents.safetensors'), 'hex');

t.test('trains both agents, or blue alone, and tells how it went', async (t) => {
  const folder = t.testdir();
  const [both, alone, text] = ['both', 'alone', 'text'].map((name) => join(folder, name));
  const [learned, follower, told] = soo(
    train('--episodes', '45', '--preset', 'upstream', '--quirks', 'scaledActions', '--out', both, '--json'),
    train('--episodes', '20', '--opponent', 'follower', '--seed', '7', '--lr', '0.002', '--out', alone, '--json'),
    train('--episodes', '20', '--out', text),
  );
  const config = { episodes: 45, worlds: 10, batch: 32, seed: 1, lr: 0.01 };
  const quirks = { scaledActions: true, tripleNoise: false, bootstrapThroughTimeLimit: false };
  const json = JSON.parse(learned.stdout);
  t.match(json, { episodes: 45, envSteps: 2250, rounds: 22, updates: 44, resumedFrom: null, out: both });
  t.match(json.config, { ...config, ...quirks });
  for (const one of [json, JSON.parse(follower.stdout)]) {
    t.ok(one.trapRate >= 0 && one.trapRate <= 1);
    t.ok(one.goalSteps >= 0 && one.goalSteps <= 51);
    t.ok(one.seconds > 0);
    t.ok(Math.abs(one.envStepsPerSecond * one.seconds - one.envSteps) < 1e-6, 'steps of single worlds');
  }
  t.match(JSON.parse(follower.stdout), { rounds: 10, updates: 10, config: { seed: 7, lr: 0.002, tripleNoise: false } });
  t.match(told, {
    code: 0,
    stdout: /red trapped.*blue at the goal.*20 episodes and 10 rounds of updates in .* are in/s,
  });
  t.equal(readFileSync(join(both, 'episodes.jsonl'), 'utf8').trimEnd().split('\n').length, 5, 'a line for each group');
  t.equal(readdirSync(join(both, 'tensorboard')).length, 1);
  t.match(JSON.parse(readFileSync(join(alone, 'run.json'), 'utf8')), {
    status: 'done',
    inputs: { opponent: 'follower' },
  });
});

t.test('Ctrl-C saves, and the same command goes on to the same bytes', async (t) => {
  const folder = t.testdir();
  const at = (name: string): string => join(folder, name);
  const some = (name: string): string[] => train('--episodes', '300', '--out', at(name), '--json');
  const { code, stderr } = await interrupt(some('stopped'), join(at('stopped'), 'episodes.jsonl'));
  t.equal(code, 130, stderr);
  t.match(stderr, /SIGINT: saving after this group of episodes; press again to quit now\n/);
  t.match(
    stderr,
    /\nsoo: interrupted by SIGINT: saved in .*stopped; run the same command with --resume to continue\n$/,
  );
  const [whole, again, resumed] = soo(some('whole'), some('stopped'), [...some('stopped'), '--resume']);
  t.equal(whole.code, 0, whole.stderr);
  t.match(again, { code: 2, stderr: /^soo: .*stopped: holds a run already; .*\n$/ });
  t.equal(resumed.code, 0, resumed.stderr);
  const { resumedFrom, trapRate } = JSON.parse(resumed.stdout);
  t.ok(resumedFrom > 0 && resumedFrom < 300, `from ${resumedFrom}`);
  t.equal(trapRate, JSON.parse(whole.stdout).trapRate);
  t.ok(bytes(at('stopped')) === bytes(at('whole')), 'the same agents');
});

t.test('what cannot be trained is refused in one line, and nothing is made', async (t) => {
  const out = join(t.testdir(), 'out');
  const refused: [args: string[], message: RegExp][] = [
    [['rl', 'train', '--out', out], /^soo: .*--reward.*\n$/],
    [['rl', 'train', '--reward', 'honest'], /^soo: .*--out.*\n$/],
    [['rl', 'train', '--reward', 'kind', '--out', out], /^soo: .*--reward.*kind.*deceptive, honest.*\n$/],
    [train('--out', out, '--preset', 'mended'), /^soo: .*--preset.*mended.*\n$/],
    [train('--out', out, '--opponent', 'none'), /^soo: .*--opponent.*none.*\n$/],
    [train('--out', out, '--quirks', 'tripleNoise,other'), /^soo: .*--quirks.*scaledActions.* got other\n$/],
    [train('--out', out, '--episodes', '0'), /^soo: .*--episodes.*\n$/],
    [train('--out', out, '--lr', '0'), /^soo: .*--lr.*\n$/],
    [train('--out', out, '--batch', '1'), /^soo: .*--batch.*\n$/],
    [train('--out', ''), /^soo: out: must name a folder\n$/],
    [train('--out', join(__filename, 'out')), /^soo: --out .*rl-train.test.ts.*\n$/],
  ];
  soo(...refused.map(([args]) => args)).forEach(({ code, stdout, stderr }, i) => {
    t.match(
      { code, stdout, stderr },
      { code: 2, stdout: '', stderr: refused[i][1] },
      refused[i][0].slice(-2).join(' '),
    );
  });
  t.notOk(existsSync(out));
});
