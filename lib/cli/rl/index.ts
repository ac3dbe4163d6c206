import type { Entry } from '../commands';

/** The subcommands of `soo rl`. */
export const commands: readonly Entry[] = [
  {
    name: 'replay',
    summary: 'step the world from given starts with given actions',
    load: () => require('./replay') as typeof import('./replay'),
  },
];
