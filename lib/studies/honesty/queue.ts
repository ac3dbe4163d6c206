/** Which run comes next: a control can only start when the self-other run beside it has ended. */
import { CONTROLS, type Kind, type Pairing, type Run } from './results';

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

export class RunQueue {
  readonly #ready: Planned[];
  readonly #waiting: ((planned: Planned | undefined) => void)[] = [];
  /** Self-other runs that have not ended: each may still open its controls. */
  #open: number;

  constructor(groups: readonly Group[]) {
    this.#ready = groups.map((group) => ({ ...group, pairs: 'self', beside: null }));
    this.#open = groups.length;
  }

  /** The next run, as soon as there is one; undefined when there will be no other. */
  next(): Promise<Planned | undefined> {
    const planned = this.#ready.shift();
    if (planned || this.#open === 0) return Promise.resolve(planned);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * Opens the controls of a self-other run that has ended, ahead of the other groups: an interrupted demo has whole ones.
   * @param run null when it failed: its controls are then not run
   */
  endSelf({ kind, seed }: Group, run: Beside | null): void {
    this.#open -= 1;
    if (run) this.#ready.unshift(...CONTROLS.map((pairs) => ({ kind, seed, pairs, beside: run })));
    while (this.#waiting.length > 0 && (this.#ready.length > 0 || this.#open === 0)) {
      this.#waiting.shift()?.(this.#ready.shift());
    }
  }
}
