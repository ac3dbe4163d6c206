import { extname, join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { makeFolders } from '../../files/folders';
import { messageOf } from '../../files/input-error';
import { writeAside, writeTextAside } from '../../files/write-aside';
import { drawFrame, drawStill } from '../../report/film/drawing';
import { renderGif } from '../../report/film/gif';
import { sceneOf, type Scene } from '../../report/film/scene';
import { physicalDeception } from '../../rl/scenarios/physical-deception';
import { readTrajectories, recordEpisode, trajectoryOf, type Trajectory } from '../../rl/trajectory';
import { checked, InputError, type Result } from '../command';
import { integer } from '../options';

export const worksWithoutAddon = true;
export const defaultThreads = 1;

/** The world's steps are a tenth of a second. */
const MILLISECONDS = 100;
/** A quarter of an hour, drawn in some seconds. */
const MOST_FRAMES = 10_000;

const optionsSchema = z.object({
  agent: z.string().min(1, 'must name a folder').optional(),
  trajectory: z.string().min(1, 'must name a file').optional(),
  episode: z.number().default(0),
  out: z
    .string()
    .refine(
      (name) => ['.gif', '.svg'].includes(extname(name)),
      'must end in .gif (animated) or .svg (both ways in one)',
    ),
  frames: z.string().min(1, 'must name a folder').optional(),
});
type FilmOptions = z.infer<typeof optionsSchema>;

export function define(command: Command): void {
  command
    .option('--agent <dir>', 'folder of `soo rl train`: its agents play an episode without noise')
    .option('--trajectory <file>', 'instead: episodes recorded as `soo rl replay` takes them')
    .requiredOption('--out <file>', '.gif: animated; .svg: the whole episode in one drawing')
    .option('--episode <n>', 'which episode is played, or which of the file (default: 0)', integer({ min: 0 }))
    .option('--frames <dir>', 'gets an SVG drawing of every step as well');
}

/** `soo rl film`: an episode of physical deception to look at. */
export function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Result {
  const options = checked(optionsSchema, given);
  const episode = episodeOf(options);
  if (episode.actions.length > MOST_FRAMES)
    throw new InputError(`an episode of ${episode.actions.length} steps: films show ${MOST_FRAMES} at most`);
  const scene = sceneOf(episode);
  const { out, frames } = options;
  const drawings = scene.moments.map((_, step) => drawFrame(scene, step));
  const film = extname(out) === '.svg' ? Buffer.from(drawStill(scene)) : renderGif(drawings, MILLISECONDS);
  writing(out, () => writeAside(out, (append) => append(film)));
  if (frames !== undefined) writing(frames, () => writeFrames(frames, drawings));
  return { json: { ...summaryOf(scene), out, ...(frames && { framesIn: frames }) }, text: textOf(scene, out) };
}

function episodeOf({ agent, trajectory, episode }: FilmOptions): Trajectory {
  if (agent !== undefined && trajectory === undefined) return playedBy(agent, episode);
  if (trajectory === undefined || agent !== undefined) throw new InputError('wants either --agent or --trajectory');
  const file = readTrajectories(trajectory);
  const found = file.episodes.at(episode);
  if (!found) throw new InputError(`--episode ${episode}: ${trajectory} holds ${file.episodes.length}, counted from 0`);
  return trajectoryOf(file, found);
}

function playedBy(folder: string, episode: number): Trajectory {
  // Loads the addon, which recorded episodes do not need.
  const { openTrained } = require('../../rl/evaluation/trained') as typeof import('../../rl/evaluation/trained');
  const { agents, config, reward } = openTrained(folder, physicalDeception);
  try {
    // The seed with which `soo rl train` draws the episodes that it measures.
    const seed = config.seed + 2 ** 20;
    return recordEpisode(agents, { reward, seed, episode, steps: config.episodeLength });
  } finally {
    agents.dispose();
  }
}

function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (thrown) {
    throw new InputError(`${path}: cannot write there: ${messageOf(thrown)}`);
  }
}

function writeFrames(folder: string, drawings: readonly string[]): void {
  makeFolders(folder);
  const digits = String(drawings.length - 1).length;
  for (const [step, drawing] of drawings.entries())
    writeTextAside(join(folder, `step-${String(step).padStart(digits, '0')}.svg`), drawing);
}

function summaryOf({ moments }: Scene): { frames: number; trapped: boolean; paid: { red: number; blue: number } } {
  const { trapped, paid } = moments[moments.length - 1];
  return { frames: moments.length, trapped, paid };
}

function textOf(scene: Scene, out: string): string {
  const { frames, trapped, paid } = summaryOf(scene);
  const end = trapped ? 'red trapped' : 'red not trapped';
  return `${out}: ${frames} frames; ${end}, ${paid.red} paid to red, ${paid.blue} to blue`;
}
