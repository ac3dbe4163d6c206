import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..', '..');
const SOURCE = path.join(__dirname, 'stand-in.cc');
const FOLDER = path.join(ROOT, 'build', 'stand-in');

interface Record {
  path: string;
  version: string;
}

/** Compiles stand-in.cc unless that is done, for which it takes half a minute; returns the library. */
export function buildStandIn(): string {
  const { path: libtorch, version } = JSON.parse(
    readFileSync(path.join(ROOT, 'build', 'libtorch.json'), 'utf8'),
  ) as Record;
  const key = createHash('sha256').update(version).update(readFileSync(SOURCE)).digest('hex').slice(0, 16);
  const library = path.join(FOLDER, `stand-in-${key}.so`);
  if (existsSync(library)) return library;
  mkdirSync(FOLDER, { recursive: true });
  const includes = ['include', 'include/torch/csrc/api/include'].map((folder) => `-I${path.join(libtorch, folder)}`);
  const aside = path.join(FOLDER, `${process.pid}.so`);
  const libraries = [`-L${path.join(libtorch, 'lib')}`, '-ltorch', '-ltorch_cpu', '-lc10'];
  execFileSync(
    process.env.CXX ?? 'c++',
    ['-std=c++20', '-O1', '-fPIC', '-shared', '-w', ...includes, SOURCE, '-o', aside, ...libraries],
    { stdio: 'inherit' },
  );
  renameSync(aside, library);
  return library;
}

/** Registers the device `privateuseone` in this process, for good. */
export function loadStandIn(): void {
  const loader = require(path.join(ROOT, 'build', 'Release', 'soo_loader.node')) as { open(file: string): void };
  loader.open(buildStandIn());
}
