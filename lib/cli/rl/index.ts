import type { Entry } from '../commands';

/** The subcommands of `soo rl`. */
export const commands: readonly Entry[] = [
  {
    name: 'train',
    summary: 'train both agents of physical deception, or blue against a follower',
    load: () => require('./train') as typeof import('./train'),
  },
  {
    name: 'replay',
    summary: 'step the world from given starts with given actions',
    load: () => require('./replay') as typeof import('./replay'),
  },
  {
    name: 'film',
    summary: 'draw an episode as an animated GIF or as SVG',
    load: () => require('./film') as typeof import('./film'),
  },
];
