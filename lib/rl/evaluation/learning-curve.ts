/** What agents were paid while they learned, from the logs of their trainings. */
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../files/input-error';
import { checkShape, parseJson, readTextFile } from '../../files/json-file';
import { overSeeds, type Interval } from '../../statistics';
import { moments } from './measure';

/** A point of a curve: its stretch of the training ends after this many episodes. */
export interface LearningPoint {
  episodes: number;
  /** Paid in an episode, on average. */
  mean: number;
  /** 95%: over trainings, or over the groups of episodes of a single one; null where that is but one. */
  ci95: Interval | null;
}

const POINTS = 40;

const lineSchema = z.looseObject({ episodes: z.number(), returns: z.record(z.string(), z.number()) });
type Line = z.infer<typeof lineSchema>;

/**
 * Curves of the trainings that differ in their seed only, by agent.
 * @param folders as `soo rl train` leaves them
 * @throws InputError when a log is missing or damaged
 */
export function learningCurves(folders: readonly string[]): Record<string, LearningPoint[]> {
  const logs = folders.map(readLog);
  const names = Object.keys(logs[0][0].returns);
  return Object.fromEntries(names.map((name) => [name, curveOf(logs, name)]));
}

function curveOf(logs: readonly Line[][], name: string): LearningPoint[] {
  const last = Math.max(...logs.map((log) => log[log.length - 1].episodes));
  return Array.from({ length: POINTS }, (_, i) => {
    const [from, to] = [(i * last) / POINTS, ((i + 1) * last) / POINTS];
    const stretches = logs.map((log) =>
      log.flatMap(({ episodes, returns }) => (episodes > from && episodes <= to ? [returns[name]] : [])),
    );
    const trainings = stretches.flatMap((values) => (values.length > 0 ? moments(values).mean : []));
    const units = logs.length > 1 ? trainings : stretches[0];
    return { episodes: Math.round(to), mean: moments(units).mean, ci95: overSeeds(units) };
  }).filter(({ mean }) => Number.isFinite(mean));
}

function readLog(folder: string): Line[] {
  const path = join(folder, 'episodes.jsonl');
  const text = readTextFile(path);
  const lines = text.split('\n').filter(Boolean);
  if (lines.length === 0) throw new InputError(`${path}: holds no episodes`);
  return lines.map((line) => checkShape(lineSchema, parseJson(line, path), path));
}
