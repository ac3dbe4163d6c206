export type Inspected =
  | { ok: true; path: string; version: string; cuda: boolean }
  | { ok: false; path: string; kind: string; problem: string; version?: string };
/** That this user may not read `place`, in words; null where it may, or where there is nothing. */
export function explainUnreadable(place: string): string | null;
export function inspect(folder: string, env?: NodeJS.ProcessEnv): Inspected;
