/** What waits for what in a demo: a control can only start when the self-other run beside it has ended. */
import { TaskQueue } from '../../training/queue';
import { PAIRINGS, type Kind, type Pairing, type Run } from './results';

/** The runs of one seed and one kind of pairs: the self-other run, then the controls beside it. */
export interface Group {
  kind: Kind;
  seed: number;
}

/** A self-other run that controls stand beside. */
export type Beside = Pick<Run, 'epochs' | 'distance'>;

export interface Planned extends Group {
  pairs: Pairing;
  /** For controls: what the self-other run came to. */
  beside: Beside | null;
}

export type RunQueue = TaskQueue<Planned, Beside>;

export const runId = (kind: Kind, pairs: Pairing, seed: number): string => `${kind}/${pairs}/${seed}`;

/** Controls go ahead of the other groups as soon as they may: an interrupted demo has whole ones. */
export function queueOf(groups: readonly Group[]): RunQueue {
  const plan = groups.flatMap(({ kind, seed }) =>
    PAIRINGS.map((pairs) => ({
      id: runId(kind, pairs, seed),
      after: pairs === 'self' ? null : runId(kind, 'self', seed),
      task: (beside: Beside | null): Planned => ({ kind, seed, pairs, beside }),
    })),
  );
  return new TaskQueue(plan, { openedFirst: true });
}
