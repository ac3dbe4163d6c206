import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { TRAJECTORIES } from '../rl/episodes';
import { readGif } from '../report/gif-reader';
import { soo } from './soo';

const film = (...more: string[]) => ['rl', 'film', ...more];

t.test('draws recorded episodes and those of trained agents', async (t) => {
  const folder = t.testdir();
  const at = (name: string) => join(folder, name);
  const quick = ['--episodes', '4', '--worlds', '2', '--batch', '32', '--steps-per-round', '100'];
  const [recorded, still, trained, acted, again] = soo(
    film('--trajectory', TRAJECTORIES, '--episode', '8', '--out', at('recorded.gif'), '--json'),
    film('--trajectory', TRAJECTORIES, '--episode', '8', '--out', at('still.svg'), '--frames', at('frames')),
    ['rl', 'train', '--reward', 'deceptive', '--opponent', 'follower', ...quick, '--out', at('run')],
    film('--agent', at('run'), '--episode', '2', '--out', at('acted.svg'), '--json'),
    film('--agent', at('run'), '--episode', '2', '--out', at('again.svg')),
  );
  t.same([recorded.code, recorded.stderr], [0, '']);
  t.match(JSON.parse(recorded.stdout), { frames: 51, trapped: true, paid: { red: 8, blue: 470 } });
  const { frames, repeats } = readGif(readFileSync(at('recorded.gif')));
  t.same([frames.length, repeats], [51, 0]);

  t.match(still, { code: 0, stderr: '', stdout: /still.svg: 51 frames; red trapped, 8 paid to red, 470 to blue\n$/ });
  t.match(readFileSync(at('still.svg'), 'utf8'), /^<svg [^]*>red trapped in step 5</);
  const drawings = readdirSync(at('frames')).sort();
  t.same([drawings.length, drawings[0], drawings[50]], [51, 'step-00.svg', 'step-50.svg']);
  t.match(readFileSync(at('frames/step-07.svg'), 'utf8'), />step 7 of 50</);

  t.equal(trained.code, 0, trained.stderr);
  t.match(JSON.parse(acted.stdout), { frames: 51 }, acted.stderr);
  t.equal(again.code, 0);
  t.equal(readFileSync(at('again.svg'), 'utf8'), readFileSync(at('acted.svg'), 'utf8'), 'the same episode');
});

t.test('refuses what it cannot draw, in one line', async (t) => {
  const run = { status: 'interrupted', config: { seed: 1, hiddenSize: 64, lr: 0.01, episodeLength: 50 } };
  const inputs = { scenario: 'physical-deception', reward: 'honest', opponent: 'learned' };
  const folder = t.testdir({
    unfinished: { 'run.json': JSON.stringify({ ...run, inputs }) },
    empty: { 'run.json': JSON.stringify({ ...run, status: 'done', inputs }) },
    other: { 'run.json': JSON.stringify({ ...run, inputs: { ...inputs, scenario: 'chess' } }) },
  });
  const at = (name: string) => join(folder, name);
  const out = ['--out', at('film.svg')];
  const calls: [string[], RegExp][] = [
    [[...out], /^soo: wants either --agent or --trajectory\n$/],
    [['--agent', at('empty'), '--trajectory', TRAJECTORIES, ...out], /^soo: wants either --agent or --trajectory\n$/],
    [['--trajectory', TRAJECTORIES, '--out', at('film.png')], /^soo: out: must end in .gif .* or .svg .*\n$/],
    [['--trajectory', TRAJECTORIES, '--episode', '9', ...out], /^soo: --episode 9: .* holds 9, counted from 0\n$/],
    [['--trajectory', TRAJECTORIES, '--out', at('no/film.gif')], /^soo: .*film.gif: cannot write there: .*\n$/],
    [['--agent', at('none'), ...out], /^soo: run.json: no such file: .*\n$/],
    [['--agent', at('unfinished'), ...out], /^soo: .*: its training is interrupted, not done; --resume .*\n$/],
    [['--agent', at('empty'), ...out], /^soo: .*agents.safetensors.*no such file.*\n$/],
    [['--agent', at('other'), ...out], /^soo: .*other: wanted agents of physical-deception, got agents of chess\n$/],
  ];
  const outcomes = soo(...calls.map(([call]) => film(...call)));
  outcomes.forEach((outcome, i) => t.match(outcome, { code: 2, stdout: '', stderr: calls[i][1] }, String(calls[i][1])));
  t.notOk(existsSync(at('film.svg')));
});
