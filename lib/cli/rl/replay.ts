import { Option, type Command } from 'commander';
import { z } from 'zod';
import { messageOf } from '../../files/input-error';
import { writeAside } from '../../files/write-aside';
import { REWARDS, type Reward } from '../../rl/scenarios/physical-deception';
import { readTrajectories, replayFile, type TrajectoryFile } from '../../rl/trajectory';
import { checked, InputError, type Result } from '../command';

export const worksWithoutAddon = true;

const optionsSchema = z.object({
  in: z.string().min(1, 'must name a file'),
  out: z.string().min(1, 'must name a file'),
  reward: z.enum(REWARDS).optional(),
});

export function define(command: Command): void {
  command
    .requiredOption('--in <file>', 'JSON: episodes of {agents, landmarks, goal, actions}')
    .requiredOption('--out <file>', 'the same with observations, rewards and trapped of every episode')
    .addOption(
      new Option('--reward <which>', "reward instead of the file's (deceptive where it names none)").choices(REWARDS),
    );
}

/** `soo rl replay`: plays recorded episodes of physical deception again. */
export function run(_: readonly string[], options: Readonly<Record<string, unknown>>): Result {
  const { in: from, out, reward } = checked(optionsSchema, options);
  const file = readTrajectories(from);
  try {
    const steps = writeOutcomes(out, file, reward);
    const episodes = file.episodes.length;
    return { json: { episodes, steps, out }, text: `${out}: ${episodes} episodes, ${steps} steps` };
  } catch (thrown) {
    throw new InputError(`--out ${out}: cannot write this file: ${messageOf(thrown)}`);
  }
}

/** Writes episode by episode, as all of them can be more than one string holds; gives the number of steps. */
function writeOutcomes(path: string, file: TrajectoryFile, reward?: Reward): number {
  let steps = 0;
  writeAside(path, (append) => {
    const say = (text: string) => append(Buffer.from(text));
    const { episodes: _, ...rest } = file;
    say(JSON.stringify({ ...rest, episodes: [] }).slice(0, -']}'.length));
    let separator = '';
    for (const episode of replayFile(file, reward)) {
      steps += episode.actions.length;
      say(`${separator}${JSON.stringify(episode)}`);
      separator = ',\n';
    }
    say(']}\n');
  });
  return steps;
}
