import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Packages that an install leaves out, as most people never need what they weigh. */
export class MissingPackages extends Error {
  override name = 'MissingPackages';
}

interface Manifest {
  peerDependencies: Record<string, string>;
}

/** `npm install vega@6 ...`, with the versions of the package's own list of optional peers. */
function installCommand(names: readonly string[]): string {
  const file = join(__dirname, '..', '..', 'package.json');
  const { peerDependencies } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  return `npm install ${names.map((name) => `${name}@${/\d+/.exec(peerDependencies[name])}`).join(' ')}`;
}

const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes((thrown as { code?: string }).code ?? '');

/**
 * What `load` loads.
 * @param what needs them, for the message
 * @throws MissingPackages, one line with the command that installs them
 */
export function optionalPackage<T>(what: string, names: readonly string[], load: () => T): T {
  const explained = (thrown: unknown): never => {
    if (!isMissing(thrown)) throw thrown;
    const needs = names.length > 1 ? 'need packages that are' : 'needs a package that is';
    throw new MissingPackages(`${what} ${needs} not installed: ${installCommand(names)}`);
  };
  try {
    const loaded = load();
    return loaded instanceof Promise ? (loaded.catch(explained) as T) : loaded;
  } catch (thrown) {
    return explained(thrown);
  }
}
