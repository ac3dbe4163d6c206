/** How far a long step has come, told to whoever shows it. */
export interface Progress {
  /** `done` of the total, with a short note such as `loss 0.12`. */
  update(done: number, note?: string): void;
  /** Ends the step; `note` stays to be read. */
  stop(note?: string): void;
}

export type StartProgress = (label: string, total: number) => Progress;

/** For callers who show nothing. */
export const noProgress: StartProgress = () => ({ update() {}, stop() {} });
