export interface RealModel {
  file: string;
  bytes: number;
  sha256: string;
  /** Requirements for pip, in the order of the parts. */
  packages: string[];
  /** Finds the model, or its part, in a package. */
  part: RegExp;
  /** Where the terms stand that its user has to accept. */
  terms?: string;
}

export const MODELS: Record<string, RealModel>;
export function modelsFolder(env?: NodeJS.ProcessEnv): string;
export function provideModels(
  names: readonly string[],
  env?: NodeJS.ProcessEnv,
  models?: Record<string, RealModel>,
): Promise<{ folder: string; problems: Record<string, string> }>;
