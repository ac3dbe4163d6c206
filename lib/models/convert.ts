/** A GGUF file as a Hugging Face folder, for programs that read nothing else. */
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { DType } from '../torch';
import { lockPlace, makeFolders } from '../files/folders';
import { InputError, quoted } from '../files/input-error';
import { writeTextAside } from '../files/write-aside';
import { ggufConfig, ggufGenerationConfig } from '../checkpoints/gguf/config';
import { openGguf, type GgufFile } from '../checkpoints/gguf/file';
import { ggufVocabulary } from '../checkpoints/gguf/vocabulary';
import { ggufWeights } from '../checkpoints/gguf/weights';
import { streamSafetensors, type LaterTensor } from '../checkpoints/safetensors';
import type { Weights } from '../checkpoints/sharded';
import { tokenizerFiles } from '../text';
import { inCheckpoint, openCheckpoint } from './checkpoint';
import { CONFIG_FILE } from './decoder-config';
import { parseConfig } from './families';
import { weightLayout } from './weight-layout';
import { openCheckedWeights } from './weights';

export interface ConvertOptions {
  /** The folder that is made; it must not be there, or be empty. */
  out: string;
  /** What the weights become; default: float32, but for a file whose matrices are all float16 or bfloat16. */
  dtype?: DType;
  /** Told before the first tensor and after each. */
  onTensor?: (done: number, total: number) => void;
}

export interface Converted {
  modelType: string;
  dtype: DType;
  tensors: number;
  parameters: number;
  /** Names of the files, as they stand in the folder. */
  files: string[];
}

/**
 * Writes a GGUF file's model as a folder that transformers and `loadModel` read: config.json, generation_config.json,
 * model.safetensors and the tokenizer's files. The folder appears once it is whole; one tensor at a time is in memory.
 * @throws InputError for a file that is damaged or not supported, and for a folder that is there already
 */
export function convertGguf(path: string, { out, dtype, onTensor = () => {} }: ConvertOptions): Converted {
  const target = resolve(out);
  const file = openGguf(path);
  let weights: Weights | undefined;
  try {
    const config = ggufConfig(file);
    // What does not fit together is told before anything is written.
    weights = inCheckpoint(openCheckpoint(path), () => checkedWeights(config, path));
    const to = dtype ?? (config.dtype as DType);
    const written = { modelType: String(config.model_type), dtype: to, ...counted(weights) };
    const texts = textFiles(file, { ...config, dtype: to });
    makeFolders(dirname(target));
    using _ = lockPlace(target);
    requireNothing(target, out);
    const aside = join(dirname(target), `.${basename(target)}.partial`);
    // What a run that was killed has left.
    rmSync(aside, { recursive: true, force: true });
    try {
      makeFolders(aside);
      for (const [name, text] of texts) {
        makeFolders(dirname(join(aside, name)));
        writeTextAside(join(aside, name), text);
      }
      streamSafetensors(join(aside, 'model.safetensors'), laterTensors(weights, to, onTensor), { format: 'pt' });
      rmSync(target, { recursive: true, force: true });
      renameSync(aside, target);
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
    return { ...written, files: [...texts.keys(), 'model.safetensors'].sort() };
  } finally {
    weights?.dispose();
    file.dispose();
  }
}

function checkedWeights(config: unknown, path: string): Weights {
  const parsed = parseConfig(config);
  openCheckedWeights(openCheckpoint(path), weightLayout(parsed), null).dispose(); // prettier-ignore
  return ggufWeights(openGguf(path));
}

function requireNothing(target: string, out: string): void {
  const found = statSync(target, { throwIfNoEntry: false });
  if (found && (!found.isDirectory() || readdirSync(target).some((name) => name !== '.soo-lock')))
    throw new InputError(`${out}: is there already, and is no empty folder; choose another`);
}

function counted(weights: Weights): { tensors: number; parameters: number } {
  const sizes = weights.names.map((name) => weights.info(name).shape.reduce((product, size) => product * size, 1));
  return { tensors: sizes.length, parameters: sizes.reduce((sum, size) => sum + size, 0) };
}

function laterTensors(weights: Weights, dtype: DType, onTensor: (done: number, total: number) => void) {
  const { names } = weights;
  let done = 0;
  onTensor(done, names.length);
  return new Map(
    names.map((name): [string, LaterTensor] => [
      name,
      {
        dtype,
        shape: weights.info(name).shape,
        make() {
          onTensor(++done, names.length);
          return weights.tensor(name).to(dtype);
        },
      },
    ]),
  );
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Everything but the weights, by the names of the files. */
function textFiles(file: GgufFile, config: object): Map<string, string> {
  const files = new Map([
    [CONFIG_FILE, json(config)],
    ['generation_config.json', json(ggufGenerationConfig(file))],
  ]);
  const vocabulary = ggufVocabulary(file.metadata);
  if (!vocabulary) return files;
  const { tokenizer, config: settings, chatTemplates } = tokenizerFiles(vocabulary);
  files.set('tokenizer.json', JSON.stringify(tokenizer)).set('tokenizer_config.json', json(settings));
  for (const [name, template] of chatTemplates) {
    if (!/^\w[\w.-]*$/.test(name)) throw new InputError(`${file.metadata.file}: ${quoted(name)} is no name of a chat template`); // prettier-ignore
    files.set(name === 'default' ? 'chat_template.jinja' : `additional_chat_templates/${name}.jinja`, template);
  }
  return files;
}
