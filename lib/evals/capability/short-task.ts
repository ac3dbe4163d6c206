/** One thing to do, and the test of whether it was done. */
export interface ShortTask {
  prompt: string;
  /** Whether an answer, without thoughts and white space around it, is right. */
  check(answer: string, signal?: AbortSignal): boolean | Promise<boolean>;
}
