import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildCommand } from '../../scripts/build-command';
import { PARTS } from '../../scripts/cuda-parts';
import { explainUnreadable } from '../../scripts/libtorch/inspect';
import type { NativeAddon } from './native';

const ROOT = path.resolve(__dirname, '..', '..');
// Another build of the addon, as scripts/sanitise.js makes one.
const RELEASE = process.env.SOO_TORCH_ADDON ?? path.join(ROOT, 'build', 'Release');
const RECORD = path.join(ROOT, 'build', 'libtorch.json');

/** Which libtorch runs here and how it was found. `path` holds `lib/` and `include/`. */
export interface LibtorchRecord {
  path: string;
  version: string;
  how: string;
  reason?: string;
}

function fail(problem: string): never {
  throw new Error(`soo-torch cannot start: ${problem} (npx soo doctor tells what is missing and how to mend it)`);
}

function readRecord(): LibtorchRecord {
  if (!existsSync(RECORD))
    fail(`the native addon is not built; this builds it, whatever a package manager blocks: ${buildCommand()}`);
  return JSON.parse(readFileSync(RECORD, 'utf8')) as LibtorchRecord;
}

/** `LIBTORCH` decides at run time too, so that one build can run on several installations of the same version. */
function choose(record: LibtorchRecord): LibtorchRecord {
  const folder = process.env.LIBTORCH;
  if (!folder || path.resolve(folder) === path.resolve(record.path)) return record;
  const versionFile = path.join(folder, 'build-version');
  const version = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim() : record.version;
  return { path: folder, version, how: 'LIBTORCH', reason: 'the variable LIBTORCH names it' };
}

/** Libraries beside the addon that were built for a libtorch with CUDA, where this is one. */
function cudaParts(folder: string): string[] {
  if (!existsSync(path.join(folder, 'libtorch_cuda.so'))) return [];
  return PARTS.map(({ library }) => path.join(RELEASE, library)).filter((file) => existsSync(file));
}

function loadAddon(): { addon: NativeAddon; libtorch: LibtorchRecord } {
  const libtorch = choose(readRecord());
  const folder = path.join(libtorch.path, 'lib');
  const library = path.join(folder, 'libtorch.so');
  const hidden = explainUnreadable(library);
  if (hidden)
    fail(
      `${hidden}, where libtorch lies; its owner can open it, or build with SOO_TORCH_CACHE set to a folder for all`,
    );
  if (!existsSync(library)) fail(`there is no libtorch.so in ${folder}; this finds or fetches one: ${buildCommand()}`);
  try {
    const loader = require(path.join(RELEASE, 'soo_loader.node')) as { open(file: string): void };
    // libtorch.so brings every backend it was built with; linked by name alone, the linker would drop CUDA silently.
    loader.open(library);
    for (const part of cudaParts(folder)) loader.open(part);
    return { addon: require(path.join(RELEASE, 'soo_torch.node')) as NativeAddon, libtorch };
  } catch (error) {
    fail(error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : String(error));
  }
}

const loaded = loadAddon();

export const native = loaded.addon;
// A test runner may have made a realm of its own for the library, in which errors are other classes than Node's.
native.setErrors({ Error, TypeError, RangeError });
export const libtorch = loaded.libtorch;
