import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { native } from '../../lib/torch/load-native';

const ROOT = path.resolve(__dirname, '..', '..');
const SOURCES = path.join(__dirname, 'stand-in');
const FOLDER = path.join(ROOT, 'build', 'stand-in');

/** How often the host learnt something from a device: numbers, copies, sizes of results; and the bytes of the former. */
export interface Counters {
  numbers: number;
  copies: number;
  sizes: number;
  bytes: number;
}

/** The pretend accelerator that test/native/stand-in/ is. */
export interface StandIn {
  counters(): Counters;
  /** Most bytes that tensors of a device may take; 0: as many as they like. */
  setLimit(device: number, bytes: number): void;
  /** Makes of `specialErfcx` a kernel that reads the device's memory on the host. */
  plantPeek(): void;
  /** Makes of copies to the host what leaves the memory where it is. */
  plantStay(): void;
  /** Reads the memory of a device where no operator runs. */
  touch(device: number): number;
}

interface Libtorch {
  path: string;
  version: string;
}

const libtorch = (): Libtorch =>
  JSON.parse(readFileSync(path.join(ROOT, 'build', 'libtorch.json'), 'utf8')) as Libtorch;

/** Of the sources that these names end as, and of libtorch's version. */
function hashOf(...endings: string[]): string {
  const hash = createHash('sha256').update(libtorch().version);
  const names = readdirSync(SOURCES).filter((name) => endings.some((ending) => name.endsWith(ending)));
  for (const name of names.sort()) hash.update(name).update(readFileSync(path.join(SOURCES, name)));
  return hash.digest('hex').slice(0, 16);
}

const libraryPath = (): string => path.join(FOLDER, `stand-in-${hashOf('.cc', '.h')}.node`);

function run(command: string, args: string[]): Promise<void> {
  const child = spawn(command, args, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`))));
  });
}

/** Compiles what has changed since it was compiled last. */
async function compile(folder: string, { path: place }: Libtorch): Promise<string> {
  const headers = [
    ...['include', 'include/torch/csrc/api/include'].map((name) => path.join(place, name)),
    path.resolve((require('node-addon-api') as { include_dir: string }).include_dir),
    (require('node-api-headers') as { include_dir: string }).include_dir,
  ];
  const flags = ['-std=c++20', '-O1', '-fPIC', '-w', '-DNAPI_VERSION=9', ...headers.map((name) => `-I${name}`)];
  const compiler = process.env.CXX ?? 'c++';
  const sources = readdirSync(SOURCES).filter((name) => name.endsWith('.cc'));
  const objects = sources.map((name) => path.join(FOLDER, `${name}-${hashOf(name, '.h')}.o`));
  const queue = sources.map((name, i) => [path.join(SOURCES, name), objects[i]]);
  const work = async (): Promise<void> => {
    for (let next; (next = queue.shift());) {
      const [source, object] = next;
      if (existsSync(object)) continue;
      const aside = path.join(folder, path.basename(object));
      await run(compiler, [...flags, '-c', source, '-o', aside]);
      renameSync(aside, object);
    }
  };
  await Promise.all([work(), work()]);
  const library = path.join(folder, 'stand-in.node');
  const libraries = [`-L${path.join(place, 'lib')}`, '-ltorch', '-ltorch_cpu', '-lc10'];
  await run(compiler, ['-shared', ...objects, '-o', library, ...libraries]);
  return library;
}

/** Compiles the stand-in unless that is done, for which it takes half a minute; returns the library. */
export async function buildStandIn(): Promise<string> {
  const library = libraryPath();
  if (existsSync(library)) return library;
  mkdirSync(FOLDER, { recursive: true });
  const aside = mkdtempSync(path.join(FOLDER, 'making-'));
  try {
    renameSync(await compile(aside, libtorch()), library);
  } finally {
    rmSync(aside, { recursive: true });
  }
  return library;
}

/** Registers the devices `standin:0` and `standin:1` in this process, for good. It has to be built. */
export function loadStandIn(): StandIn {
  native.devices(); // libtorch is there, as the library is linked to it by name
  return require(libraryPath()) as StandIn;
}
