import t from 'tap';
import { IMAGINED_SIGHT, PhysicalDeception, SelfOther, type Start } from '../../lib/rl';

const START: Start = {
  agents: [
    [0, 0],
    [0.5, 0.5],
  ],
  landmarks: [
    [0.2, 0.3],
    [-0.4, -0.1],
  ],
  goal: 1,
};
const still = (worlds: number) => [new Float32Array(worlds * 2), new Float32Array(worlds * 2)];

/** A world from each start, seen and stepped once. */
function sides(starts: Start[], { episodes = starts.map((_, i) => i), seed = 3, sight = 0.1 } = {}) {
  const environment = new PhysicalDeception({ reward: 'honest', worlds: starts.length, seed: 0 });
  const selfOther = new SelfOther(environment, { seed, sight });
  environment.resetTo(starts);
  selfOther.begin(episodes);
  const look = () => {
    selfOther.see();
    environment.step(still(starts.length));
    selfOther.imagine();
    return selfOther;
  };
  return { look, environment, selfOther };
}

t.test('the other side differs in where red is, and in the trap flag', async (t) => {
  const trapped = { ...START, agents: [[0.2, 0.3], START.agents[1]] };
  const inSight = { ...START, agents: [[0.45, 0.5], START.agents[1]] };
  const { self, selfMatched, other, usable } = sides([START, trapped, inSight]).look();
  t.same([...usable], [1, 1, 0], 'usable while red is out of sight');
  const seen = [-0.9, -0.6, -0.3, -0.2, -0.9, -0.6, 0, 0, 0, 0];
  t.ok(seen.every((value, i) => Math.abs(value - self[i]) < 1e-12));
  t.same([...self.slice(18, 20)], [1, 1]);
  t.same([...selfMatched.slice(18, 20)], [0, 0]);
  t.same([...other.slice(18, 20)], [0, 0]);
  for (const from of [0, 10]) {
    t.same(other.slice(from, from + 6), self.slice(from, from + 6));
    t.same(selfMatched.slice(from, from + 8), self.slice(from, from + 8));
  }
  t.not(other[6], 0);
});

t.test('red is imagined as near as asked, uniformly in angle and in distance', async (t) => {
  const { look } = sides([START], { sight: IMAGINED_SIGHT.training });
  const drawn = Array.from({ length: 4000 }, () => [...look().other.slice(6, 8)]);
  const away = drawn.map(([x, y]) => Math.hypot(x, y) / IMAGINED_SIGHT.training);
  t.ok(away.every((share) => share >= 0 && share < 1 + 1e-12));
  const under = (bound: number) => away.filter((share) => share < bound).length / away.length;
  for (const bound of [0.25, 0.5, 0.75]) t.ok(Math.abs(under(bound) - bound) < 0.03, `${bound}: ${under(bound)}`);
  for (const sign of [-1, 1])
    for (const axis of [0, 1])
      t.ok(Math.abs(drawn.filter((offset) => sign * offset[axis] > 0).length / drawn.length - 0.5) < 0.03);
});

t.test('red is imagined within the room, seen from where blue came to', async (t) => {
  const [red] = START.agents;
  const { look, environment } = sides([{ ...START, agents: [red, [0.95, 0.5]] }]);
  const draws = Array.from({ length: 20 }, () => [look().other[6], environment.positions[2]]);
  const [offset, place] = draws[0];
  t.ok(place < 0.94, 'the wall has pushed blue');
  t.ok(draws.every(([offset, place]) => place - offset <= 0.9 + 1e-12));
  t.ok(offset >= place - 0.9 - 1e-12);
});

t.test('what is imagined depends on seed, episode and step alone', async (t) => {
  const draws = (episodes: number[], seed = 3): number[][] => {
    const starts = episodes.map(() => START);
    const { look } = sides(starts, { episodes, seed });
    const steps = [1, 2, 3].map(() => [...look().other]);
    return episodes.map((_, w) => steps.flatMap((other) => other.slice(w * 10 + 6, w * 10 + 8)));
  };
  const [first, second] = draws([7, 8]);
  t.same(draws([8, 4, 7])[2], first);
  t.notSame(second, first);
  t.notSame(draws([7], 4)[0], first);
  t.not(first[0], first[2], 'another place at every step');
});
