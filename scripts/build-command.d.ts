/** The command that builds what is not built, as one types it in the current folder. */
export function buildCommand(cwd?: string): string;
