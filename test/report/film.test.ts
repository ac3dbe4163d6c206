import t from 'tap';
import { rasterise } from '../../lib/report/charts/draw';
import { drawFrame, drawStill } from '../../lib/report/film/drawing';
import { renderGif } from '../../lib/report/film/gif';
import { sceneOf } from '../../lib/report/film/scene';
import { recordEpisode, replay } from '../../lib/rl/trajectory';
import { upstreamEpisodes } from '../rl/episodes';
import { readGif } from './gif-reader';

/** Red is trapped in step 5 of the last episode of upstream's, and never in the first. */
const scenes = upstreamEpisodes().map(sceneOf);
const [free, caught] = [scenes[0], scenes[8]];

const count = (text: string, part: string) => text.split(part).length - 1;

t.test('a scene is what upstream recorded', async (t) => {
  upstreamEpisodes().forEach(({ agents, goal, landmarks, observations, rewards, trapped }, i) => {
    const { moments, ...places } = scenes[i];
    t.same(places, { goal: landmarks[goal], nonGoal: landmarks[1 - goal] });
    t.same([moments[0].red, moments[0].blue], agents);
    t.same(
      moments.slice(1).map((moment) => Number(moment.trapped)),
      trapped,
    );
    const sum = (agent: number) => rewards.reduce((total, paid) => total + paid[agent], 0);
    t.same(moments[50].paid, { red: sum(0), blue: sum(1) });
    t.same(
      moments.map(({ inSight }) => inSight),
      observations.map(([red]) => red[4] !== 0 || red[5] !== 0),
    );
    const [red] = observations[50];
    const last = moments[50].red;
    t.ok(Math.hypot(landmarks[0][0] - last[0] - red[0], landmarks[0][1] - last[1] - red[1]) < 1e-12);
  });
});

t.test('a frame shows where everything is, and no more than happened by then', async (t) => {
  const ways = (svg: string) => [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, points]) => points.split(' '));
  const frame = drawFrame(caught, 4);
  t.same(
    ways(frame).map(({ length }) => length),
    [5, 5],
  );
  // 480 pixels show -1.08 to 1.08, and y grows upwards.
  const at = ([x, y]: readonly number[]) => [((x + 1.08) * 480) / 2.16, ((1.08 - y) * 480) / 2.16];
  const drawn = ways(frame).map((points) => points[4].split(',').map(Number));
  [caught.moments[4].red, caught.moments[4].blue].forEach((place, i) => {
    const [x, y] = at(place);
    t.ok(Math.abs(drawn[i][0] - x) < 0.006 && Math.abs(drawn[i][1] - y) < 0.006, `${drawn[i]} is ${x},${y}`);
  });
  t.match(frame, />step 4 of 50</);
  t.notMatch(frame, /red is trapped/);
  t.match(drawFrame(caught, 5), />red is trapped, they see each other</);
  t.match(drawFrame(caught, 0), />they see each other</);
  for (const [step, { inSight }] of caught.moments.entries())
    if (count(drawFrame(caught, step), '<line ') !== Number(inSight)) t.fail(`the line of sight in step ${step}`);
});

t.test('a still shows the whole episode', async (t) => {
  const still = drawStill(caught);
  t.match(still, />red trapped in step 5</);
  t.match(still, />paid to red 8, to blue 470</);
  t.match(drawStill(free), />red was not trapped</);
  t.match(drawStill({ ...caught, moments: caught.moments.slice(5) }), />red trapped from the start</);
  const dots = (svg: string) => count(svg, 'r="2.67"');
  t.equal(dots(still), 2 * 51, 'a dot for each step and agent');
  for (const svg of [still, drawFrame(caught, 0)]) {
    t.notMatch(svg, /var\(|NaN|undefined|href/, 'it needs nothing around it');
    t.ok(rasterise(svg, 1).width === 480);
  }
});

t.test('a film shows every drawing as it is', async (t) => {
  const drawings = [0, 4, 5, 20].map((step) => drawFrame(caught, step));
  const bytes = renderGif(drawings, 100);
  const gif = readGif(bytes);
  t.ok(bytes.length < 3 * renderGif(drawings.slice(0, 1), 100).length, 'frames hold only what has changed');
  t.same([gif.width, gif.height, gif.repeats], [480, 528, 0]);
  t.same(
    gif.frames.map(({ milliseconds }) => milliseconds),
    [100, 100, 100, 1500],
  );
  drawings.forEach((svg, i) => {
    const { pixels } = rasterise(svg, 1);
    let off = 0;
    for (let p = 0; p < pixels.length / 4; p++)
      for (let c = 0; c < 3; c++) if (Math.abs(pixels[p * 4 + c] - gif.frames[i].rgb[p * 3 + c]) > 24) off++;
    // The palette has 255 colours: some edges of letters are a shade off.
    t.ok(off < 300, `frame ${i}: ${off} of ${pixels.length} channels are off`);
  });
});

t.test('a recorded episode is played again as it was', async (t) => {
  const seen: number[][] = [];
  const actors = {
    act(observations: readonly Float64Array[], actions: readonly Float32Array[]) {
      seen.push(observations.flatMap((values) => [...values]));
      actions.forEach((action, agent) => action.set([Math.sin(seen.length + agent), Math.cos(3 * seen.length)]));
    },
  };
  const trajectory = recordEpisode(actors, { reward: 'honest', seed: 4, episode: 7, steps: 30 });
  t.equal(trajectory.actions.length, 30);
  t.equal(trajectory.reward, 'honest');
  const { observations } = replay(JSON.parse(JSON.stringify(trajectory)));
  t.same(
    observations.slice(0, 30).map((both) => both.flat()),
    seen,
  );
  const again = recordEpisode(actors, { reward: 'honest', seed: 4, episode: 8, steps: 0 });
  t.notSame(again.agents, trajectory.agents);
});
