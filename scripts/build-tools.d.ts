/** Tools that are missing for a build, in words; empty where the addon can be built. */
export function missingTools(env?: NodeJS.ProcessEnv): string[];
/** How the tools are installed. */
export const INSTALL: string;
