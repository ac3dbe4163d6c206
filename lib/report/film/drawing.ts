/** An episode of physical deception as SVG. */
import { PALETTE } from '../charts/palette';
import { AT_LANDMARK, SIGHT } from '../../rl/scenarios/physical-deception';
import { AGENT_RADIUS, LANDMARK_RADIUS } from '../../rl/world/particle-worlds';
import { ROOM } from '../../rl/world/walls';
import type { Moment, Point, Scene } from './scene';

/** Pixels of the drawing. */
export const WIDTH = 480;
export const HEIGHT = 528;
/** Half of what is seen of the world, whose walls end at 1.05. */
const VIEW = 1.08;
const SCALE = WIDTH / (2 * VIEW);

const [INK, FAINT, LINE, PAGE] = [PALETTE.ink[0], PALETTE.faint[0], PALETTE.line[0], PALETTE.page[0]];
const RED = PALETTE.deceptive[0];
const BLUE = PALETTE.honest[0];
const GOAL = PALETTE.retention[0];
const NON_GOAL = PALETTE.neither[0];

/** An agent that rests on a landmark hides its name. */
const LEGEND = 'goal green, fake grey';

/** The world's y grows upwards. */
const px = ([x, y]: Point): Point => [rounded((x + VIEW) * SCALE), rounded((VIEW - y) * SCALE)];
const rounded = (value: number): number => Math.round(value * 100) / 100;
const long = (length: number): number => rounded(length * SCALE);

/** What happened up to a step: where everything is, and the ways behind. */
export function drawFrame(scene: Scene, step: number): string {
  const past = scene.moments.slice(0, step + 1);
  const now = scene.moments[step];
  const { red, blue } = now.paid;
  return page(`Step ${step} of ${scene.moments.length - 1}`, [
    ...room(scene),
    trail(past, 'red', RED, 0.45),
    trail(past, 'blue', BLUE, 0.45),
    ...agents(now),
    caption(`step ${step} of ${scene.moments.length - 1}`, words(now)),
    caption(`paid to red ${red}, to blue ${blue}`, LEGEND, 1),
  ]);
}

/** The whole episode in one drawing: both ways with a dot for each step, from the hollow circle to the disc. */
export function drawStill(scene: Scene): string {
  const last = scene.moments[scene.moments.length - 1];
  const caught = scene.moments.findIndex(({ trapped }) => trapped);
  const { red, blue } = last.paid;
  return page(`An episode of ${scene.moments.length - 1} steps`, [
    ...room(scene),
    ...way(scene.moments, 'red', RED),
    ...way(scene.moments, 'blue', BLUE),
    ...centres(last),
    caption(
      `${scene.moments.length - 1} steps, circles are starts`,
      caught < 0 ? 'red was not trapped' : `red trapped ${caught === 0 ? 'from the start' : `in step ${caught}`}`,
    ),
    caption(`paid to red ${red}, to blue ${blue}`, LEGEND, 1),
  ]);
}

function page(title: string, parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif" font-size="14">`;
  const paper = `<rect width="${WIDTH}" height="${HEIGHT}" fill="${PAGE}"/>`;
  return [open, `<title>${title}</title>`, paper, ...parts, '</svg>', ''].filter((part) => part !== '').join('\n');
}

/** Walls and landmarks; the dashed circles are where a landmark counts as reached. */
function room({ goal, nonGoal }: Scene): string[] {
  const walls = ROOM.map(({ across, at, from, to, width }) => {
    const half = width / 2;
    const corner: Point = across === 0 ? [at - half, to + half] : [from - half, at + half];
    const [x, y] = px(corner);
    const [thick, length] = [long(width), long(to - from + width)];
    const [w, h] = across === 0 ? [thick, length] : [length, thick];
    return `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${LINE}"/>`;
  });
  const landmark = (place: Point, colour: string, name: string): string[] => [
    disc(place, AT_LANDMARK, `fill="none" stroke="${colour}" stroke-dasharray="4 4"`),
    disc(place, LANDMARK_RADIUS, `fill="${colour}"`),
    label(place, name),
  ];
  return [...walls, ...landmark(nonGoal, NON_GOAL, 'fake'), ...landmark(goal, GOAL, 'goal')];
}

function label(place: Point, name: string): string {
  const [x, y] = px(place);
  return `<text x="${x}" y="${y + 4}" text-anchor="middle" font-size="11" font-weight="bold" fill="${PAGE}">${name}</text>`;
}

/** Both agents in their size, how far blue sees, and a line while they see each other. */
function agents(now: Moment): string[] {
  const [[x1, y1], [x2, y2]] = [px(now.red), px(now.blue)];
  const sees = `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${INK}" stroke-width="2"/>`;
  return [
    disc(now.red, AGENT_RADIUS, `fill="${RED}" fill-opacity="0.25"`),
    disc(now.blue, AGENT_RADIUS, `fill="${BLUE}" fill-opacity="0.25"`),
    disc(now.blue, SIGHT, `fill="none" stroke="${BLUE}" stroke-dasharray="2 3"`),
    now.inSight ? sees : '',
    ...centres(now),
  ];
}

/** The agents' middles, which everything is measured from; a cross on one that is trapped. */
function centres({ red, blue, trapped }: Moment): string[] {
  const [x, y] = px(red);
  const cross = `<path d="M${x - 9} ${y - 9}l18 18m0 -18l-18 18" stroke="${INK}" stroke-width="2.5"/>`;
  return [
    disc(red, 0.032, `fill="${RED}" stroke="${PAGE}"`),
    disc(blue, 0.032, `fill="${BLUE}" stroke="${PAGE}"`),
    trapped ? cross : '',
  ];
}

function trail(moments: readonly Moment[], who: 'red' | 'blue', colour: string, opacity: number): string {
  const points = moments.map((moment) => px(moment[who]).join()).join(' ');
  return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-opacity="${opacity}" stroke-linejoin="round"/>`;
}

function way(moments: readonly Moment[], who: 'red' | 'blue', colour: string): string[] {
  const dots = moments.map((moment) => disc(moment[who], 0.012, `fill="${colour}"`));
  const start = disc(moments[0][who], 0.035, `fill="${PAGE}" stroke="${colour}" stroke-width="2.5"`);
  return [trail(moments, who, colour, 0.6), ...dots, start];
}

function disc(place: Point, radius: number, look: string): string {
  const [x, y] = px(place);
  return `<circle cx="${x}" cy="${y}" r="${long(radius)}" ${look}/>`;
}

function words({ trapped, inSight }: Moment): string {
  return [trapped ? 'red is trapped' : '', inSight ? 'they see each other' : ''].filter(Boolean).join(', ');
}

/** A line below the room. */
function caption(left: string, right: string, line = 0): string {
  const y = WIDTH + 18 + line * 20;
  const colour = line === 0 ? INK : FAINT;
  const end = right && `<text x="${WIDTH - 10}" y="${y}" text-anchor="end" fill="${colour}">${right}</text>`;
  return `<text x="10" y="${y}" fill="${colour}">${left}</text>${end}`;
}
