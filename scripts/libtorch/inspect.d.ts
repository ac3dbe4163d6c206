export type Inspected =
  | { ok: true; path: string; version: string; cuda: boolean }
  | { ok: false; path: string; kind: string; problem: string; version?: string };
export function inspect(folder: string, env?: NodeJS.ProcessEnv): Inspected;
