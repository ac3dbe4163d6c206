import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InputError } from '../files/input-error';
import { readJsonFile } from '../files/json-file';
import { ggufConfig, ggufGenerationConfig } from '../checkpoints/gguf/config';
import { openGguf } from '../checkpoints/gguf/file';
import { isGgufFile } from '../checkpoints/gguf/header';
import { ggufVocabulary } from '../checkpoints/gguf/vocabulary';
import { ggufWeights } from '../checkpoints/gguf/weights';
import { openWeights, type Weights } from '../checkpoints/sharded';
import { Tokenizer } from '../text';
import { CONFIG_FILE } from './decoder-config';

/** What a model is loaded from: a Hugging Face folder, or a GGUF file that stands for one. */
export interface Checkpoint {
  readonly path: string;
  /** What config.json says, parsed and not yet checked. */
  readonly config: unknown;
  /** What generation_config.json says; undefined where there is none. */
  readonly generationConfig: unknown;
  /** Weights under Hugging Face's names. @throws InputError for a file that is missing or damaged */
  openWeights(): Weights;
  /** Null where there is none. @throws InputError for one that is damaged or not supported */
  tokenizer(): Tokenizer | null;
}

/**
 * Opens a folder or a GGUF file by its path.
 * @throws InputError, one line that names the file and what is wrong in it
 */
export function openCheckpoint(path: string): Checkpoint {
  return isGgufFile(path) ? ggufCheckpoint(path) : folderCheckpoint(path);
}

function folderCheckpoint(folder: string): Checkpoint {
  const generation = join(folder, 'generation_config.json');
  return {
    path: folder,
    config: readJsonFile(join(folder, CONFIG_FILE), { uniqueKeys: true }),
    generationConfig: existsSync(generation) ? readJsonFile(generation) : undefined,
    openWeights: () => openWeights(folder),
    tokenizer: () => (Tokenizer.isIn(folder) ? Tokenizer.fromFolder(folder) : null),
  };
}

function ggufCheckpoint(path: string): Checkpoint {
  const file = openGguf(path);
  try {
    return {
      path,
      config: ggufConfig(file),
      generationConfig: ggufGenerationConfig(file),
      // The mapping goes with the weights; each opening has its own.
      openWeights: () => ggufWeights(openGguf(path)),
      tokenizer: () => {
        const vocabulary = ggufVocabulary(file.metadata);
        return vocabulary ? Tokenizer.fromGgml(vocabulary) : null;
      },
    };
  } finally {
    file.dispose();
  }
}

/** An error about a folder's config.json, said of the file that stands for it. */
export function inCheckpoint<T>({ path }: Checkpoint, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof InputError && isGgufFile(path) && !thrown.message.startsWith(basename(path)))
      throw new InputError(`${basename(path)}: as ${thrown.message}`);
    throw thrown;
  }
}
