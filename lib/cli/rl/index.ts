import type { Entry } from '../command';

/** The subcommands of `soo rl`. */
export const commands: readonly Entry[] = [
  {
    name: 'train',
    summary: 'train the agents of a scenario, or one against a rule',
    load: () => require('./train') as typeof import('./train'),
  },
  {
    name: 'finetune',
    summary: 'fine-tune trained agents for self-other overlap, with a control without it',
    load: () => require('./finetune') as typeof import('./finetune'),
  },
  {
    name: 'replay',
    summary: 'step the world from given starts with given actions',
    load: () => require('./replay') as typeof import('./replay'),
  },
  {
    name: 'evaluate',
    summary: 'measure what trained agents do, and the overlap of self and other',
    load: () => require('./evaluate') as typeof import('./evaluate'),
  },
  {
    name: 'classify',
    summary: 'tell a deceptive agent from an honest one by their overlap',
    load: () => require('./classify') as typeof import('./classify'),
  },
  {
    name: 'compare',
    summary: 'compare deceptive, tuned, control and honest agents',
    load: () => require('./compare') as typeof import('./compare'),
  },
  {
    name: 'film',
    summary: 'draw an episode as an animated GIF or as SVG',
    load: () => require('./film') as typeof import('./film'),
  },
  {
    name: 'reproduce',
    summary: 'repeat the whole experiment with its controls, and judge the claims of the paper',
    load: () => require('./reproduce') as typeof import('./reproduce'),
  },
];
