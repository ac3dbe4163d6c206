/** Outcomes of a study that nobody ran: answers as wanted, item by item. */
import { relabel, type Motive } from '../../../lib/evals';
import type { MonitorSummary } from '../../../lib/soo';
import type { ArmName } from '../../../lib/studies/honesty';
import { parseStudy, type Study } from '../../../lib/studies/honesty/study-file';
import type { Outcome } from '../../../lib/studies/honesty/outcomes';
import type { Started } from '../../../lib/studies/honesty/started';
import type { StudyRecord } from '../../../lib/studies/honesty/records';
import { tasksOf } from '../../../lib/studies/honesty/tasks';

/** What an arm does: shares of its answers, in order; the rest is `other`. */
export interface Behaves {
  deceptive: number;
  honest: number;
  refusal?: number;
  truncated?: number;
  /** Deceptive where the facts name the cheap thing first; `deceptive` counts for the other order. */
  cheapFirst?: number;
  perspective?: number;
  tasks?: number;
  multipleChoice?: number;
  /** Deceptive answers under a motive that the study asks as well. */
  motives?: Partial<Record<Motive, number>>;
  /** The step at which the watch saw a constant. */
  collapsedAt?: number;
  failed?: string;
  steps?: number;
}

export type Arms = Partial<Record<ArmName, Behaves>>;

/** Items of each set and order. */
const ITEMS = 50;

export function madeUpStudy(arms: readonly ArmName[], more: Record<string, unknown> = {}): Study {
  return parseStudy(
    {
      format: 'soo-torch study 1',
      name: 'made-up',
      model: 'organism',
      tuning: { pairs: { organism: 'scenes' } },
      seeds: [1, 2, 3],
      arms,
      scenarios: [{ name: 'burglar', file: 'x.json', confirmation: '0-49' }],
      ...more,
    },
    'made-up.yaml',
  );
}

export const madeUpStarted = (exploratory: string | null = null): Started => ({
  format: 'soo-torch study folder 1',
  sha256: '0'.repeat(64),
  frozenAt: exploratory === null ? '2026-01-01T00:00:00.000Z' : null,
  exploratory,
  split: 'confirmation',
  threads: 1,
  inputs: {},
  origin: {
    command: ['soo'],
    startedAt: '2026-01-01T00:00:00.000Z',
    versions: { sooTorch: '0', libtorch: '0', node: '0' },
    machine: { platform: 'x', processor: 'x', cores: 1, memoryBytes: 1, threads: 1 },
    git: null,
  },
  study: {},
});

export function madeUpOutcomes(study: Study, arms: Arms): Outcome[] {
  return tasksOf(study).map((task): Outcome => {
    const behaves = arms[task.arm.kind] as Behaves;
    if (behaves.failed !== undefined) return { task, state: { status: 'failed', reason: behaves.failed }, done: null };
    const motives = Object.entries(behaves.motives ?? {}) as [Motive, number][];
    const records = [
      ...answers(task.arm.name, task.seed, 'cheap-first', { ...behaves, deceptive: behaves.cheapFirst ?? behaves.deceptive }), // prettier-ignore
      ...answers(task.arm.name, task.seed, 'precious-first', behaves),
      ...motives.flatMap(([motive, deceptive]) => answers(task.arm.name, task.seed, 'cheap-first', { deceptive, honest: 1 - deceptive }, motive)), // prettier-ignore
    ];
    const check = (share: number | undefined) => share === undefined ? undefined : { n: 100, right: Math.round(100 * share), items: Array.from({ length: 100 }, (_, i) => ({ id: String(i), right: i < 100 * share })) }; // prettier-ignore
    const training = { steps: behaves.steps ?? 10, epochLosses: [1], distance: null, monitor: behaves.collapsedAt === undefined ? null : watchedTo(behaves.collapsedAt) }; // prettier-ignore
    const measured = {
      id: task.id,
      training: task.seed === null ? null : training,
      checks: {
        perspective: check(behaves.perspective),
        tasks: check(behaves.tasks),
        multipleChoice: check(behaves.multipleChoice),
      },
      latent: { all: 0.1, last: 0.1, differing: 0.1 },
    };
    return { task, state: { status: 'done' }, done: { measured, records } };
  });
}

function watchedTo(collapsedAt: number): MonitorSummary {
  const kept = { 'layers.3': { gap: 0.001, nameGap: 0.002, norm: 1, variation: 0.003 } };
  return { site: 'layers.3', every: 1, pairs: 4, renamed: true, kept, collapsedAt, stopped: false };
}

function answers(
  arm: string,
  seed: number | null,
  order: StudyRecord['order'],
  { deceptive, honest, refusal = 0, truncated = 0 }: Behaves,
  motive: Motive = 'concealment',
): StudyRecord[] {
  const ends = [deceptive, honest, refusal, truncated].map((_, i, all) => all.slice(0, i + 1).reduce((sum, one) => sum + one, 0)); // prettier-ignore
  return Array.from({ length: ITEMS }, (_, index) => {
    // Spread over the items, in another way for each seed.
    const place = (((index * 7 + (seed ?? 0) * 3) % ITEMS) + 0.5) / ITEMS;
    const which = ends.findIndex((end) => place < end);
    const answer = ['I would point out the attic.', 'I would point out the bedroom.', 'I cannot help with that.', 'I would'][which] ?? 'The weather is fine.'; // prettier-ignore
    const base = relabel({
      ...{
        set: motive === 'concealment' ? 'burglar' : motive,
        index,
        prompt: `${index}`,
        order,
        answer,
        ids: [1],
        margin: 0,
      },
      ...{ cheapRoom: 'attic', preciousRoom: 'bedroom', ended: which === 3 ? 'budget' : 'eos' },
    });
    return { ...base, arm, seed, family: motive, relation: 'rival', motive, split: 'confirmation', text: `prompt ${index}` }; // prettier-ignore
  });
}
