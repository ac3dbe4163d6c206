import type { Entry } from '../command';

/** The subcommands of `soo mtbench`. */
export const commands: readonly Entry[] = [
  {
    name: 'answer',
    summary: 'answer the questions of MT-Bench, two turns each',
    load: () => require('./answer') as typeof import('./answer'),
  },
  {
    name: 'judge',
    summary: 'have answers judged by a model behind an endpoint',
    load: () => require('./judge') as typeof import('./judge'),
  },
  {
    name: 'show',
    summary: 'average judgments by turn and category',
    load: () => require('./show') as typeof import('./show'),
  },
];
