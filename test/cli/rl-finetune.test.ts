import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { interrupt } from './interrupt';
import { soo } from './soo';

const SMALL = ['--worlds', '10', '--batch', '32', '--steps-per-round', '100'];
const EPISODES = 150;

const bytes = (folder: string): string => readFileSync(join(folder, 'agents.safetensors'), 'hex');

t.test('fine-tunes beside a control, which goes on after Ctrl-C to the same bytes', async (t) => {
  const folder = t.testdir();
  const at = (name: string) => join(folder, name);
  const finetune = (out: string, ...more: string[]) => [
    ...['rl', 'finetune', '--from', at('run'), '--out', at(out), '--json', ...more],
  ];
  const some = ['--episodes', String(EPISODES), '--seed', '5'];
  const action = ['--overlap', 'action', '--reference-weight', '0.5', '--flags-zeroed', 'both'];
  const [trained, tuned, upstream] = soo(
    ['rl', 'train', '--reward', 'deceptive', '--episodes', '20', ...SMALL, '--out', at('run'), '--json'],
    finetune('tuned', ...some),
    finetune('upstream', '--episodes', '4', '--preset', 'upstream', '--freeze-opponent', '--no-rl', ...action),
  );
  t.equal(trained.code, 0, trained.stderr);
  t.equal(tuned.code, 0, tuned.stderr);
  const json = JSON.parse(tuned.stdout);
  const rounds = EPISODES / 2;
  const config = { seed: 5, worlds: 10, batch: 32 };
  const arm = { episodes: EPISODES, envSteps: 50 * EPISODES, rounds, updates: 2 * rounds, config };
  t.match(json, { ...arm, out: at('tuned'), overlap: { what: 'latent', samples: 'all', reinforce: true } });
  t.match(json.control, { ...arm, out: at('tuned/control') });
  const { trapRate, goalSteps } = JSON.parse(trained.stdout);
  for (const one of [json, json.control]) {
    t.equal(one.overlapBefore, json.before.overlap);
    t.ok(Number.isFinite(one.overlapAfter) && one.overlapAfter !== one.overlapBefore);
    t.ok(one.trapRate >= 0 && one.goalSteps >= 0 && one.envStepsPerSecond > 0 && one.seconds > 0);
  }
  t.ok(json.overlapAfter < json.control.overlapAfter - 1, 'closer than without steps towards overlap');
  t.ok(existsSync(at('tuned/tensorboard')) && existsSync(at('tuned/control/tensorboard')));

  const like = JSON.parse(upstream.stdout);
  t.match(like, { episodes: 4, rounds: 2, updates: 2, control: null }, 'a round for every two episodes');
  const asked = { what: 'action', weight: 1, referenceWeight: 0.5, flagsZeroed: 'both', reinforce: false };
  t.match(like.overlap, { ...asked, samples: 'last', scaledActions: true });
  t.match(like.config, { worlds: 2, scaledActions: true, tripleNoise: true });
  t.match(like.before, { trapRate, goalSteps }, "the training's seed, and so the same episodes");

  const alone = finetune('alone', ...some, '--no-overlap');
  const { code, stderr } = await interrupt(alone, at('alone/episodes.jsonl'));
  t.equal(code, 130, stderr);
  t.match(stderr, /interrupted by SIGINT: saved in .*alone; run the same command with --resume to continue\n$/);
  const refused: [string[], RegExp][] = [
    [finetune('x', '--no-overlap', '--no-rl'), /^soo: --no-overlap and --no-rl: nothing would be learned\n$/],
    [['rl', 'finetune', '--from', at('none'), '--out', at('x')], /^soo: run.json: no such file: .*\n$/],
    [finetune('x', '--overlap', 'other'), /^soo: .*latent, action.*\n$/],
    [finetune('run/agents.safetensors/x'), /^soo: --out .*\n$/],
    [finetune('tuned', ...some), /^soo: .*tuned: holds a run already; .*\n$/],
  ];
  const [resumed, ...outcomes] = soo([...alone, '--resume'], ...refused.map(([call]) => call));
  t.equal(resumed.code, 0, resumed.stderr);
  t.match(JSON.parse(resumed.stdout), {
    ...arm,
    overlap: null,
    control: null,
    overlapAfter: json.control.overlapAfter,
  });
  t.ok(JSON.parse(resumed.stdout).resumedFrom < EPISODES);
  t.ok(bytes(at('alone')) === bytes(at('tuned/control')), 'the same control');
  outcomes.forEach((outcome, i) => t.match(outcome, { code: 2, stdout: '', stderr: refused[i][1] }));
  t.notOk(existsSync(at('x')), 'nothing is made');
});
