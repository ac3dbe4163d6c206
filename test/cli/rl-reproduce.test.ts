import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { reproduce, type Reproduced } from '../../lib/studies/agents/run';
import { originOf } from '../../lib/training';
import { readRlResults } from '../../lib/studies/agents';
import { drawFilm } from '../../lib/cli/rl/reproduce';
import { writeRlReport } from '../../lib/report';
import { QUICK, withSeeds, type ReproductionPlan } from '../../lib/studies/agents';
import { soo, startSoo } from './soo';

/** So small that nobody learns: only that all parts are made and fit together is looked at. */
const TINY: ReproductionPlan = {
  ...QUICK,
  seeds: [1, 2],
  training: { ...QUICK.training, episodes: 40, worlds: 10, batch: 32, stepsPerRound: 500 },
  finetuningEpisodes: 20,
  evaluationEpisodes: 20,
  classification: { after: [1, 5], seeds: [3, 4] },
};

t.test('trains, tunes, measures and judges, and goes on with what is there', async (t) => {
  const out = t.testdir();
  const made = (workers: number, plan = TINY): Promise<Reproduced> =>
    reproduce({ out, plan, origin: originOf('.', ['test']), workers, signal: new AbortController().signal });
  const first = await made(2);
  const results = readRlResults(first.results);
  t.same(results, first.stored);
  t.equal(results.claims?.length, 4);
  t.ok(
    results.claims?.every(({ verdict }) => verdict === 'not judged'),
    'two seeds are too few',
  );
  t.equal(results.comparison?.arms.tuned.trapRate.bySeed.length, 2, 'one number for each training');
  t.equal(results.classification?.means.honest.overlap.length, 4, 'every seed of each pair');
  const { report } = await writeRlReport(results, out);
  t.match(readFileSync(report, 'utf8'), /Claims of the paper.*not judged/s);
  const film = drawFilm(out, TINY);
  t.equal(readFileSync(film, 'latin1').slice(0, 6), 'GIF89a');

  const agent = (name: string) => join(out, 'agents', name, 'agents.safetensors');
  t.not(
    readFileSync(agent('tuned-1'), 'hex'),
    readFileSync(agent('control-1'), 'hex'),
    'the control takes no such steps',
  );
  const kept = statSync(agent('deceptive-1')).mtimeMs;
  const again = await made(1);
  t.equal(statSync(agent('deceptive-1')).mtimeMs, kept, 'what is done is not done again');
  t.same(again.stored.comparison, first.stored.comparison, 'and gives the same numbers');

  t.same(withSeeds(TINY, 2).seeds, [41, 42]);
  const three = await made(2, { ...TINY, seeds: [1, 2, 41] });
  t.equal(statSync(agent('deceptive-1')).mtimeMs, kept, 'seeds can be added: those that are there are kept');
  t.same(
    three.stored.comparison?.arms.tuned.trapRate.bySeed.slice(0, 2),
    results.comparison?.arms.tuned.trapRate.bySeed,
  );

  const other = { ...TINY, training: { ...TINY.training, lr: 0.5 } };
  await t.rejects(made(1, other), { name: 'InputError', message: /lr/ }, 'not with agents of another plan');
});

/** Of an agent in the reproduction's folder. */
const logged = (out: string, name: string): string => join(out, 'agents', name, 'episodes.jsonl');
const about = (out: string, name: string) =>
  JSON.parse(readFileSync(join(out, 'agents', name, 'run.json'), 'utf8')) as { result?: { resumedFrom: number } };

/** Calls back once these have played for a while. */
function whenPlaying(out: string, names: readonly string[], then: () => void): NodeJS.Timeout {
  const poll = setInterval(() => {
    const sizes = names.map((name) => statSync(logged(out, name), { throwIfNoEntry: false })?.size ?? 0);
    if (sizes.every((size) => size > 1000)) {
      clearInterval(poll);
      then();
    }
  }, 5);
  return poll;
}

t.test('workers that are asked to stop save where they are', async (t) => {
  const out = t.testdir();
  const plan = { ...TINY, seeds: [1], training: { ...TINY.training, episodes: 3000 } };
  const controller = new AbortController();
  const made = (signal: AbortSignal): Promise<Reproduced> =>
    reproduce({ out, plan, origin: originOf('.', ['test']), workers: 2, signal });
  const names = ['deceptive-1', 'honest-1'];
  const poll = whenPlaying(out, names, () => controller.abort(new Error('enough')));
  await t.rejects(made(controller.signal), /enough/);
  clearInterval(poll);
  const played = names.map((name) => 10 * readFileSync(logged(out, name), 'utf8').trimEnd().split('\n').length);
  for (const name of names) t.match(about(out, name), { status: 'interrupted', reason: 'enough' });
  await made(new AbortController().signal);
  names.forEach((name, k) => t.equal(about(out, name).result?.resumedFrom, played[k], 'nothing is played again'));
  t.ok(played.every((episodes) => episodes < 3000));
});

t.test('SIGTERM saves, and says how to go on', async (t) => {
  const out = t.testdir();
  const child = startSoo('rl', 'reproduce', '--quick', '--out', out);
  let stderr = '';
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
  const first = 'deceptive-41'; // on one core the only one that plays
  const poll = whenPlaying(out, [first], () => child.kill('SIGTERM'));
  t.equal(await new Promise((resolve) => child.on('close', resolve)), 143, stderr);
  clearInterval(poll);
  t.match(stderr, /soo: interrupted by SIGTERM: saved in .*; run the same command to continue\n$/);
  t.match(about(out, first), { status: 'interrupted', reason: 'interrupted by SIGTERM' });
});

t.test('wants a folder, and no other options', async (t) => {
  const out = t.testdir();
  const [refused, unknown] = soo(['rl', 'reproduce'], ['rl', 'reproduce', '--out', join(out, 'x'), '--slow']);
  t.match([refused.code, refused.stderr], [2, /--out/]);
  t.match([unknown.code, unknown.stderr], [2, /--slow/]);
  const [both, none] = soo(
    ['rl', 'reproduce', '--out', join(out, 'x'), '--quick', '--seeds', '5'],
    ['rl', 'reproduce', '--out', join(out, 'x'), '--seeds', '0'],
  );
  t.match([both.code, both.stderr], [2, /--seeds: --quick trains a single seed/]);
  t.match([none.code, none.stderr], [2, /--seeds/]);
  t.notOk(existsSync(join(out, 'x')));
});
