import t from 'tap';
import {
  evaluate,
  follower,
  meet,
  overlapAfter,
  Pair,
  pairOf,
  PhysicalDeception,
  physicalDeception,
  playSeed,
} from '../../lib/rl';
import { BehaviourWatcher, TrapWatcher } from '../../lib/rl/evaluation/behaviour';
import { playEpisodes } from '../../lib/rl/evaluation/episodes';
import { meanOf, ratioOf, shareOf } from '../../lib/rl/evaluation/measure';
import { FORMS } from '../../lib/rl/evaluation/overlap';
import { CLEAN, Maddpg } from '../../lib/rl/maddpg';
import { torch } from '../../lib/torch';

torch.setNumThreads(1);

/** Agents of random weights whose actions are not near nothing. */
function untrained(seed: number): Pair {
  const { agents } = new PhysicalDeception({ reward: 'honest', worlds: 1, seed: 0 });
  const trained = pairOf({ agents: new Maddpg(agents, { ...CLEAN, seed }) });
  torch.noGrad(() => trained.blue.policy.fc3.weight.mul_(200));
  return trained;
}
const PLAN = { reward: 'deceptive', episodeLength: 20, seed: 7 } as const;
const near = (a: number, b: number, tolerance = 1e-9) => Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));

t.test('means of the first episodes are those of runs with as few', async (t) => {
  const pair = untrained(3);
  const after = [1, 7, 130, 200];
  const once = overlapAfter(pair, { ...PLAN, after });
  for (const [i, count] of after.entries()) {
    const alone = overlapAfter(pair, { ...PLAN, after: [count] });
    for (const form of FORMS) t.ok(near(once[form][i], alone[form][0], 1e-4), `${form} ${count}`);
  }
  t.notOk(near(once.overlap[2], once.overlap[3], 1e-3));
  const other = overlapAfter(pair, { ...PLAN, seed: 8, after });
  t.notOk(near(once.overlap[3], other.overlap[3], 1e-4));
});

t.test('episodes are counted each once, whatever the number of worlds', async (t) => {
  const actors = { act: (_: unknown, actions: readonly Float32Array[]) => actions.forEach((a) => a.fill(0)) };
  // The last group is not full: 131 episodes in two groups of 66.
  const [pay, behaviour] = playEpisodes(
    physicalDeception,
    actors,
    { ...PLAN, episodes: 131, episodeLength: 3 },
    (environment) => [new TrapWatcher(environment), new BehaviourWatcher(environment, 'clean')] as const,
  );
  const world = new PhysicalDeception({ reward: 'deceptive', worlds: 131, seed: 7 });
  world.reset(Array.from({ length: 131 }, (_, episode) => episode));
  const still = [new Float32Array(262), new Float32Array(262)];
  for (let step = 0; step < 3; step++) world.step(still);
  t.same(pay.trapped, [...world.trapped]);
  t.ok(pay.trapped.includes(1) && pay.trapped.includes(0));
  // Nobody is pushed by a wall into or out of a landmark in three steps: each step pays the same.
  const paid = [...world.rewards[1]].filter((reward, i) => 3 * reward === pay.returns.good[i]).length;
  t.ok(paid >= 129, `${paid} of 131`);
  t.equal(behaviour.counts.goodAtGoal.length, 131);
  const moves = behaviour.deceptiveMoves.reduce((sum, count) => sum + count, 0);
  t.equal(behaviour.moves.length, moves);
});

t.test('an evaluation sums up the episodes of its seeds', async (t) => {
  const pair = untrained(4);
  const seeds = [1, 2].map((seed) => playSeed(pair, { ...PLAN, episodes: 60, seed }));
  const found = evaluate(seeds);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const both = (value: (seed: (typeof seeds)[number]) => number) => (value(seeds[0]) + value(seeds[1])) / 2;
  t.ok(
    near(
      found.trapRate.mean,
      both(({ pay }) => sum(pay.trapped) / 60),
    ),
  );
  const rate = both(({ clean: { counts } }) => sum(counts.movedToNonGoal) / sum(counts.movesInSight));
  t.ok(near(found.deceptiveMoveRate.mean, rate) && rate > 0);
  t.ok(
    near(
      found.overlap.mean,
      both(({ overlap }) => sum(overlap.sums.overlap) / sum(overlap.steps)),
    ),
  );
  t.ok(found.overlapMatchedFlags.mean < found.overlap.mean, 'the flag is a part of the difference');
  t.equal(found.counts.upstream.movedToNonGoal.mean, 0, 'Q1: never');
  t.ok(found.counts.clean.movedToNonGoal.mean > 0);
  t.ok(
    near(
      found.returns.good.mean,
      both(({ pay }) => sum(pay.returns.good) / 60),
    ),
  );
});

t.test('a red and a blue meet whoever they were trained with', async (t) => {
  const [one, other] = [untrained(5), untrained(6)];
  const plans = [{ ...PLAN, episodes: 40 }];
  const met = meet(['follower', follower()], ['other', other.blue], plans);
  const alone = evaluate([playSeed(new Pair(follower(), other.blue), plans[0])]);
  t.match(met, { red: 'follower', blue: 'other' });
  for (const name of ['trapRate', 'goalSteps', 'deceptiveMoveRate'] as const) t.same(met[name], alone[name]);
  t.same(met.returns, alone.returns);
  const stranger = meet(['one', one.red], ['other', other.blue], plans);
  t.notSame(stranger.returns, met.returns);
});

t.test('measures', async (t) => {
  const mean = meanOf([[1, 2, 3, 4]]);
  t.ok(near(mean.mean, 2.5));
  // Standard error sqrt(5/3)/2.
  t.ok(near(mean.ci95![0], 2.5 - 1.959963984540054 * (Math.sqrt(5 / 3) / 2)));
  t.same(meanOf([[1], [3]]), { mean: 2, ci95: null, std: 1, bySeed: [1, 3] });
  const share = shareOf([[0, 0, 0, 0]]);
  t.ok(share.mean === 0 && share.ci95![0] === 0 && share.ci95![1] > 0.4);
  const ratio = ratioOf([{ amounts: [2, 4, 0], counts: [4, 8, 0] }]);
  t.same([ratio.mean, ratio.ci95], [0.5, [0.5, 0.5]], 'steps are pooled: an episode without any says nothing');
  t.equal(ratioOf([{ amounts: [0, 0], counts: [0, 0] }]).ci95, null);
  const wide = ratioOf([{ amounts: [4, 0, 4, 0], counts: [4, 4, 4, 4] }]);
  // Residuals +-2 in 16 steps: sqrt(4/3 * 16) / 16.
  t.ok(near(wide.ci95![1] - 0.5, 1.959963984540054 * (Math.sqrt((4 / 3) * 16) / 16)));
});
