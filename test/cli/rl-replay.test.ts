import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { TRAJECTORIES, upstreamEpisodes, type Recorded } from '../rl/episodes';
import { soo } from './soo';

interface Content extends Record<string, unknown> {
  episodes: Recorded[];
}

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Content;

/** An episode of three steps in which red begins trapped and blue is at the goal, without outcomes. */
const short = {
  agents: [
    [0, -0.35],
    [0, 0.45],
  ],
  landmarks: [
    [0, 0.5],
    [0, -0.5],
  ],
  goal: 0,
  actions: [
    [
      [1, 1],
      [0, 0],
    ],
    [
      [1, 1],
      [0, 1],
    ],
    [
      [1, 1],
      [0, 1],
    ],
  ],
};

t.test("gives upstream's episodes back as they are", async (t) => {
  const folder = t.testdir();
  const bare = join(folder, 'bare.json');
  const content = read(TRAJECTORIES);
  const starts = content.episodes.map(({ agents, landmarks, goal, actions }) => ({ agents, landmarks, goal, actions }));
  writeFileSync(bare, JSON.stringify({ ...content, episodes: starts }));
  const [whole, fromStarts] = soo(
    ['rl', 'replay', '--in', TRAJECTORIES, '--out', join(folder, 'whole-out.json'), '--json'],
    ['rl', 'replay', '--in', bare, '--out', join(folder, 'bare-out.json')],
  );
  t.same([whole.code, whole.stderr, fromStarts.code, fromStarts.stderr], [0, '', 0, '']);
  t.match(JSON.parse(whole.stdout), { episodes: 9, steps: 450 });
  const recorded = upstreamEpisodes();
  for (const file of ['whole-out.json', 'bare-out.json']) {
    const { episodes, ...rest } = read(join(folder, file));
    t.same({ ...rest, episodes: 9 }, { ...content, episodes: 9 }, 'what else the file says stays');
    episodes.forEach((episode, i) => {
      const { observations, rewards, trapped } = recorded[i];
      t.same([episode.rewards, episode.trapped], [rewards, trapped]);
      const wanted = observations.flat(2);
      const errors = episode.observations.flat(2).map((value, j) => Math.abs(value - wanted[j]));
      t.equal(errors.length, 51 * 16);
      t.ok(Math.max(...errors) < 1e-12, `${Math.max(...errors)}`);
    });
  }
});

t.test('takes either reward, either order of agents, and no steps at all', async (t) => {
  const swapped = {
    ...short,
    agents: short.agents.toReversed(),
    actions: short.actions.map((actions) => actions.toReversed()),
  };
  const folder = t.testdir({
    'plain.json': JSON.stringify({ episodes: [short, { ...short, reward: 'honest' }, { ...short, actions: [] }] }),
    'honest.json': JSON.stringify({ reward: 'honest', episodes: [short, { ...short, reward: 'deceptive' }] }),
    'swapped.json': JSON.stringify({ agent_order: ['good', 'adversary'], episodes: [swapped] }),
    'none.json': JSON.stringify({ episodes: [] }),
  });
  const replay = (name: string, out = name) => {
    const files = [join(folder, name), join(folder, `out-${out}`)];
    return ['rl', 'replay', '--in', files[0], '--out', files[1]];
  };
  const outcomes = soo(...['plain.json', 'honest.json', 'swapped.json', 'none.json'].map((name) => replay(name)), [
    ...replay('plain.json', 'chosen.json'),
    '--reward',
    'honest',
  ]);
  t.same(
    outcomes.map(({ code, stderr }) => [code, stderr]),
    Array(5).fill([0, '']),
  );
  const episodes = (name: string) => read(join(folder, `out-${name}`)).episodes;
  const blueEarns = (name: string) => episodes(name).map(({ rewards }) => rewards.map(([, blue]) => blue));

  t.same(blueEarns('plain.json'), [[15, 15, 15], [5, 5, 5], []]);
  t.same(blueEarns('honest.json'), [
    [5, 5, 5],
    [15, 15, 15],
  ]);
  t.same(
    episodes('plain.json').map(({ trapped }) => trapped),
    [[1, 1, 1], [1, 1, 1], []],
  );
  t.same(
    episodes('plain.json')[2].observations.map(([, blue]) => blue.slice(8)),
    [[1, 1]],
  );
  t.same(episodes('none.json'), []);

  const [given] = episodes('plain.json');
  const [turned] = episodes('swapped.json');
  t.same(
    turned.observations,
    given.observations.map((both) => both.toReversed()),
  );
  t.same(
    turned.rewards,
    given.rewards.map((both) => both.toReversed()),
  );
  t.same(turned.agents, swapped.agents);

  t.same(blueEarns('chosen.json'), [[5, 5, 5], [5, 5, 5], []]);
  t.same(
    episodes('chosen.json').map(({ reward }) => reward),
    ['honest', 'honest', 'honest'],
  );
});

t.test('refuses what is no recorded episode, in one line', async (t) => {
  const bad: Record<string, [unknown, string]> = {
    'list.json': [[], 'Invalid input: expected object, received array'],
    'empty.json': [{}, 'episodes Invalid input: expected array, received undefined'],
    'goal.json': [{ episodes: [{ ...short, goal: 2 }] }, 'episodes.0.goal must be 0 or 1: which landmark is the goal'],
    'point.json': [{ episodes: [short, { ...short, agents: [[0], [0, 0]] }] }, 'episodes.1.agents.0 must hold two'],
    'three.json': [
      {
        episodes: [
          {
            ...short,
            landmarks: [
              [0, 0],
              [0, 0],
              [0, 0],
            ],
          },
        ],
      },
      'episodes.0.landmarks must hold two',
    ],
    'action.json': [
      {
        episodes: [
          {
            ...short,
            actions: [
              [
                [0, 0],
                [0, 'x'],
              ],
            ],
          },
        ],
      },
      'episodes.0.actions.0.1.1 must be a finite number',
    ],
    'reward.json': [{ reward: 'kind', episodes: [] }, 'reward must be one of deceptive, honest'],
    'order.json': [
      { agent_order: ['good', 'good'], episodes: [] },
      'agent_order must be "adversary" and "good", in either order',
    ],
  };
  const files = Object.entries(bad).map(([name, [content]]) => [name, JSON.stringify(content)]);
  const folder = t.testdir({
    ...(Object.fromEntries(files) as Record<string, string>),
    'huge.json': JSON.stringify({ episodes: [short] }).replace('0.45', '1e999'),
    'cut.json': '{"episodes": [',
  });
  const wanted: Record<string, string | RegExp> = {
    ...Object.fromEntries(Object.entries(bad).map(([name, [, message]]) => [name, `soo: ${name}: ${message}\n`])),
    'huge.json': 'soo: huge.json: episodes.0.agents.1.1 must be a finite number\n',
    'cut.json': /^soo: cut.json: is not JSON: .*\n$/,
    'missing.json': /^soo: missing.json: no such file: .*\n$/,
  };
  const out = join(folder, 'out.json');
  const names = Object.keys(wanted);
  const [nowhere, ...outcomes] = soo(
    ['rl', 'replay', '--in', TRAJECTORIES, '--out', join(folder, 'no', 'out.json')],
    ...names.map((name) => ['rl', 'replay', '--in', join(folder, name), '--out', out]),
  );
  outcomes.forEach(({ code, stdout, stderr }, i) => {
    t.match({ code, stdout, stderr }, { code: 2, stdout: '', stderr: wanted[names[i]] }, names[i]);
  });
  t.notOk(existsSync(out), 'nothing is written');
  t.match(nowhere, { code: 2, stderr: /^soo: --out .*out.json: cannot write this file: .*\n$/ });
});

t.test('is a command of a group', async (t) => {
  const [all, help, own, none, unknown] = soo(['--help'], ['rl', '--help'], ['help', 'rl'], ['rl'], ['rl', 'walk']);
  t.match(all.stdout, /\n {2}rl .*agents that deceive/);
  t.match(help, { code: 0, stdout: /Usage: soo rl .*\n[^]*\n {2}replay / });
  t.equal(own.stdout, help.stdout);
  t.same(none, { code: 2, stdout: '', stderr: 'soo: no command was named; `soo rl --help` lists them\n' });
  t.match(unknown, { code: 2, stdout: '', stderr: "soo: unknown command 'walk'\n" });
});
