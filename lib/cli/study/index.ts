import type { Entry } from '../command';

/** The subcommands of `soo study`. */
export const commands: readonly Entry[] = [
  {
    name: 'init',
    summary: 'write a study file to begin with, commented',
    load: () => require('./init') as typeof import('./init'),
  },
  {
    name: 'freeze',
    summary: "record a study file's hash, its data and its split before any result exists",
    load: () => require('./freeze') as typeof import('./freeze'),
  },
  {
    name: 'run',
    summary: 'do what is left of a study, beside others on the same folder, and judge its claims',
    load: () => require('./run') as typeof import('./run'),
  },
  {
    name: 'status',
    summary: 'tell which tasks of a study are done, failed or left',
    load: () => require('./status') as typeof import('./status'),
  },
  {
    name: 'show',
    summary: 'print the claims, arms and parts of the effect of a study',
    load: () => require('./show') as typeof import('./show'),
  },
  {
    name: 'diff',
    summary: 'compare two studies: settings, and rates on the same items',
    load: () => require('./diff') as typeof import('./diff'),
  },
  {
    name: 'relabel',
    summary: 'label the stored answers of a study anew, and judge its claims again',
    load: () => require('./relabel') as typeof import('./relabel'),
  },
  {
    name: 'judge-sample',
    summary: 'draw answers to label by hand, blind, and tell how well the labels agree',
    load: () => require('./judge-sample') as typeof import('./judge-sample'),
  },
];
