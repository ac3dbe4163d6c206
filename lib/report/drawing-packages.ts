import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The packages that draw are left out of an install (they are most of what it would weigh): whoever wants charts or
 * films adds them.
 */
export class MissingPackages extends Error {
  override name = 'MissingPackages';
}

interface Manifest {
  peerDependencies: Record<string, string>;
}

/** `npm install vega@6 ...`, from the package's own list of optional peers. */
function installCommand(): string {
  const file = join(__dirname, '..', '..', 'package.json');
  const { peerDependencies } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  const packages = Object.entries(peerDependencies).map(([name, range]) => `${name}@${/\d+/.exec(range)}`);
  return `npm install ${packages.join(' ')}`;
}

const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes((thrown as { code?: string }).code ?? '');

/** What `load` loads; @throws MissingPackages, one line with the command that installs them */
export function drawingPackage<T>(load: () => T): T {
  const explained = (thrown: unknown): never => {
    if (!isMissing(thrown)) throw thrown;
    throw new MissingPackages(`charts and films need packages that are not installed: ${installCommand()}`);
  };
  try {
    const loaded = load();
    return loaded instanceof Promise ? (loaded.catch(explained) as T) : loaded;
  } catch (thrown) {
    return explained(thrown);
  }
}
