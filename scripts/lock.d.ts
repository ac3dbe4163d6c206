/** A lock that is held. */
export interface Lock {
  release(): void;
}
/** Takes the lock at once, a stale one too; or says who has it. */
export function takeLock(file: string, staleMs?: number): Lock | { release?: undefined; holder: { pid: number } };
/** Runs `work` while holding `file`, and waits for it first. */
export function withLock<T>(file: string, doing: string, work: () => T | Promise<T>): Promise<T>;
/** Whether a process of this machine has that number. */
export function isAlive(pid: number): boolean;
/** Where a process number means something: a machine, and a container on it. */
export function place(): string;
