import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { z } from 'zod';
import { join } from 'node:path';
import { InputError } from '../../files/input-error';
import { writeAside } from '../../files/write-aside';
import { armsTable, differencesTable, writeRlReport, type ReportFiles } from '../../report';
import { drawFrame } from '../../report/film/drawing';
import { renderGif } from '../../report/film/gif';
import { sceneOf } from '../../report/film/scene';
import { openTrained, physicalDeception, recordEpisode } from '../../rl';
import {
  folderOf,
  FULL,
  QUICK,
  reproduce,
  withSeeds,
  type ReproductionPlan,
  type Reproduced,
  type RlResults,
} from '../../studies/agents';
import { originOf } from '../../training/origin';
import { checked, type Result } from '../command';
import { drawnIfPossible } from '../drawn';
import { interruptible } from '../interrupts';
import { integer } from '../options';
import { makeFolder } from '../out-folder';
import { ROOT } from '../package-root';
import { startProgress } from '../progress';
import { table } from '../table';

export const defaultThreads = 1;

const TOO_SHORT = '--quick: one seed and short trainings, too little to judge any claim by';

const optionsSchema = z.object({
  out: z.string().min(1, 'must name a folder'),
  quick: z.boolean().default(false),
  seeds: z.int().optional(),
  workers: z.int().optional(),
});

export function define(command: Command): void {
  command
    .requiredOption('--out <dir>', 'gets results.json, report.html, charts/, film.gif and agents/; goes on with them')
    .option('--quick', 'one seed and short trainings: under 3 minutes, and too little to judge by')
    .option(
      '--seeds <n>',
      `trainings of each kind (${FULL.seeds.length}): more can be added to the same folder later`,
      integer({ min: 1, max: 1000 }),
    )
    .option(
      '--workers <n>',
      'processes, of one thread each; the numbers do not depend on how many (default: one per core)',
      integer({ min: 1, max: 64 }),
    );
}

/** `soo rl reproduce`: the whole experiment. The same command goes on with what is there. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const { out, quick, seeds, workers = availableParallelism() } = checked(optionsSchema, given);
  if (quick && seeds !== undefined) throw new InputError('--seeds: --quick trains a single seed');
  makeFolder(out);
  const origin = originOf(ROOT, ['soo', 'rl', 'reproduce', ...process.argv.slice(4)]);
  const sized = quick ? QUICK : FULL;
  const plan = seeds === undefined ? sized : withSeeds(sized, seeds);
  const work = (signal: AbortSignal, listen: () => void): Promise<Reproduced> => {
    listen();
    return reproduce({ out, plan, origin, workers, signal, startProgress });
  };
  const reproduced = await interruptible(work, {
    notice: 'saving after this group of episodes; press again to quit now',
    kept: `saved in ${out}; run the same command to continue`,
  });
  const drawn = await drawnIfPossible(reproduced.results, async () => ({
    ...(await writeRlReport(reproduced.stored, out)),
    film: drawFilm(out, plan),
  }));
  const made: Made = { ...reproduced, ...drawn };
  const text = quick ? `${textOf(made)}\n${TOO_SHORT}` : textOf(made);
  return { json: { quick, ...jsonOf(made) }, text };
}

type Made = Reproduced & Partial<ReportFiles & { film: string }>;

const MILLISECONDS = 100;

/** An episode of the first deceptive agent. */
export function drawFilm(out: string, plan: ReproductionPlan): string {
  const { agents, config, reward } = openTrained(
    folderOf(out, { arm: 'deceptive', seed: plan.seeds[0] }),
    physicalDeception,
  );
  try {
    const plays = { reward, seed: config.seed + 2 ** 20, episode: 0, steps: config.episodeLength };
    const scene = sceneOf(recordEpisode(agents, plays));
    const film = join(out, 'film.gif');
    const drawings = scene.moments.map((_, step) => drawFrame(scene, step));
    writeAside(film, (append) => append(renderGif(drawings, MILLISECONDS)));
    return film;
  } finally {
    agents.dispose();
  }
}

/** All but the surfaces, of which there are 10,000 numbers each. */
function jsonOf({ stored, ...files }: Made): object {
  const { comparison, classification, claims, accuracyOverTrainings, origin, config } = stored;
  const { arms, counts, rates } = comparison!;
  const differences = {
    counts: { tuned: counts.tuned.differences, control: counts.control.differences },
    rates: rates.differences,
  };
  const { accuracy } = classification!;
  return { origin, config, claims, arms, accuracy, accuracyOverTrainings, differences, ...files };
}

function textOf({ stored, results, report, film, seconds }: Made): string {
  const comparison = stored.comparison as NonNullable<RlResults['comparison']>;
  const tables = [armsTable(comparison), differencesTable(comparison)];
  return [
    ...tables.map(({ title, head, rows }) => `${title}\n${table(head, rows)}`),
    ...(stored.claims ?? []).map(({ claim, verdict, text }) => `${claim}: ${verdict}. ${text}`),
    `${[results, report, film].filter(Boolean).join(', ')}; ${(seconds / 60).toFixed(1)} minutes`,
  ].join('\n');
}
