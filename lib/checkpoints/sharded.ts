import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Tensor } from '../torch';
import { InputError, quoted, shown } from '../files/input-error';
import { checkShape, readJsonFile } from '../files/json-file';
import { openSafetensors, type SafetensorsFile } from './safetensors';
import type { TensorInfo } from './safetensors-header';

/** The weights of a folder, in one file or several. */
export interface Weights {
  readonly names: string[];
  info(name: string): TensorInfo;
  /** The file that holds a tensor, for messages. */
  fileOf(name: string): string;
  tensor(name: string): Tensor;
  dispose(): void;
}

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const MOST_FILES = 4096;

const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${shown(issue.input)}`,
});
const indexSchema = z.looseObject(
  { weight_map: z.record(z.string(), z.string(wanted('the name of a file')), wanted('an object of tensor: file')) },
  wanted('an object'),
);

/**
 * Opens `model.safetensors` of a folder, or the files that `model.safetensors.index.json` lists.
 * @throws InputError when neither is there, a listed file is missing, or a file is damaged.
 */
export function openWeights(folder: string): Weights {
  const single = join(folder, SINGLE);
  if (!existsSync(join(folder, INDEX))) {
    refusePickles(folder, SINGLE, 'pytorch_model.bin');
    return weightsOf([openSafetensors(single)]);
  }
  if (existsSync(single)) return weightsOf([openSafetensors(single)]);
  const { weight_map: places } = checkShape(indexSchema, readJsonFile(join(folder, INDEX)), INDEX);
  const opened: SafetensorsFile[] = [];
  const files = new Set(Object.values(places));
  // The kernel maps some 65,000 files into a process.
  if (files.size > MOST_FILES) throw new InputError(`${INDEX}: names ${files.size} files, more than ${MOST_FILES}`);
  try {
    for (const file of files) {
      if (basename(file) !== file) throw new InputError(`${INDEX}: ${quoted(file)} is not the plain name of a file`);
      opened.push(openSafetensors(join(folder, file)));
    }
    const weights = weightsOf(opened);
    for (const [name, file] of Object.entries(places)) {
      if (weights.fileOf(name) !== file) throw new InputError(`${INDEX}: ${file} has no tensor ${quoted(name)}`);
    }
    return weights;
  } catch (thrown) {
    for (const file of opened) file.dispose();
    throw thrown;
  }
}

/**
 * Where a folder has a pickle in the place of a safetensors file, says so: pickles run what they hold.
 * @throws InputError that says how to convert it
 */
export function refusePickles(folder: string, wanted: string, pickle: string): void {
  if (existsSync(join(folder, wanted))) return;
  const found = [pickle, `${pickle}.index.json`].find((file) => existsSync(join(folder, file)));
  if (found === undefined) return;
  throw new InputError(
    `${wanted}: no such file in ${folder}, only ${found}, a pickle, which is not read; in Python, load it and save_pretrained(..., safe_serialization=True)`,
  );
}

function weightsOf(files: SafetensorsFile[]): Weights {
  const holder = new Map<string, SafetensorsFile>();
  for (const file of files) {
    for (const name of file.names) {
      const other = holder.get(name);
      if (other)
        throw new InputError(`tensor ${quoted(name)} stands in ${basename(other.path)} and ${basename(file.path)}`);
      holder.set(name, file);
    }
  }
  const fileFor = (name: string): SafetensorsFile => {
    const file = holder.get(name);
    if (!file) throw new InputError(`${files.length === 1 ? SINGLE : INDEX}: has no tensor ${quoted(name)}`);
    return file;
  };
  return {
    names: [...holder.keys()],
    info: (name) => fileFor(name).info(name),
    fileOf: (name) => basename(fileFor(name).path),
    tensor: (name) => fileFor(name).tensor(name),
    dispose: () => files.forEach((file) => file.dispose()),
  };
}
