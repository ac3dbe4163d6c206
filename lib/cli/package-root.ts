import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The package's folder: two above this file, both in lib/ and in dist/. */
export const ROOT = path.resolve(__dirname, '..', '..');

export function packageVersion(): string {
  return (JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}
