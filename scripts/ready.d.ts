export const ROOT: string;
export function missingDependencies(root?: string): string[];
export function whenReady(work: () => number | Promise<number>): void;
