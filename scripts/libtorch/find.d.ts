/** A libtorch that was found: `path` holds lib/ and include/. */
export interface FoundLibtorch {
  path: string;
  version: string;
  cuda: boolean;
  how: 'LIBTORCH' | 'cache' | 'python' | 'pip' | 'archive';
  reason: string;
}
export function findLibtorch(options?: { env?: NodeJS.ProcessEnv; fetch?: boolean }): Promise<FoundLibtorch>;
