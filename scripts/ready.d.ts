export const ROOT: string;
/** Throws when node_modules is a link: installing would empty what it leads to. */
export function refuseLink(root?: string): void;
export function missingDependencies(root?: string): string[];
export function whenReady(work: () => number | Promise<number>): void;
