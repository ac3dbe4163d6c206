import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reward, Start } from '../../lib/rl';
import { expected } from '../parity/expected';

/** An episode as upstream's environment (trajectories.json) or its transcription (make_rl_world.py) recorded it. */
export interface Recorded extends Start {
  reward?: Reward;
  actions: number[][][];
  observations: number[][][];
  rewards: number[][];
  trapped: number[];
}

export interface Records {
  adversaryAtGoal: number;
  adversaryAtNonGoal: number;
  goodAtGoal: number;
  movedToGoal: number;
  movedToNonGoal: number;
  movesInSight: number;
  stepsInSight: number;
  thresholds: number[][];
}

/** What make_rl_world.py wrote. */
export interface Unusual {
  episodes: (Recorded & { what: string })[];
  records: { upstream: Omit<Records, 'movesInSight' | 'stepsInSight'>; clean: Records }[];
  long: { start: Start; observation: number[][]; rewards: number[]; record: Omit<Records, 'thresholds'> };
}

export const TRAJECTORIES = join(__dirname, 'trajectories.json');

/** Nine episodes of upstream's own environment. */
export const upstreamEpisodes = (): Recorded[] =>
  (JSON.parse(readFileSync(TRAJECTORIES, 'utf8')) as { episodes: Recorded[] }).episodes;

export const unusual = (): Unusual => expected<Unusual>('rl-world');
