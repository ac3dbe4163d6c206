import { torch, type DType } from '../torch';
import { skipInit } from '../nn';
import { InputError, shown } from '../files/input-error';
import { inCheckpoint, openCheckpoint, type Checkpoint } from './checkpoint';
import { Decoder } from './decoder';
import type { DecoderShape } from './decoder-config';
import { familyOf, parseConfig, quantisationOf } from './families';
import type { Weights } from '../checkpoints/sharded';
import { placesOf } from './device-map/places';
import type { LanguageModel } from './language-model';
import type { Quantisation } from './quantisation/config';
import { putFourBitLayers } from './quantisation/four-bit-layers';
import { weightLayout } from './weight-layout';
import { hasOwnTwin, openCheckedWeights, readWeights, type LoadOptions } from './weights';

/**
 * Reads a Hugging Face folder: config.json, model.safetensors (or its shards), and the tokenizer where there is one; or a
 * GGUF file, which holds them all. Parameters do not require gradients (LoRA trains its own); `requiresGrad_(true)` makes
 * them trainable. The model is in eval mode.
 * @throws InputError, one line that names the file and what is wrong in it, or the families that are known.
 */
export function loadModel(path: string, options: LoadOptions = {}): LanguageModel {
  const checkpoint = openCheckpoint(path);
  return inCheckpoint(checkpoint, () => loadCheckpoint(checkpoint, options));
}

function loadCheckpoint(checkpoint: Checkpoint, options: LoadOptions): LanguageModel {
  const config = parseConfig(checkpoint.config);
  config.eosTokenIds = generationEos(checkpoint.generationConfig, config.vocabSize) ?? config.eosTokenIds;
  let layout = weightLayout(config);
  const quantisation = quantisationOf(checkpoint.config);
  let weights = openCheckedWeights(checkpoint, layout, quantisation);
  if (config.tieWordEmbeddings && hasOwnTwin(weights, layout)) {
    // As in transformers 5: a head that is stored and is another one counts, whatever config.json says.
    weights.dispose();
    config.tieWordEmbeddings = false;
    layout = weightLayout(config);
    weights = openCheckedWeights(checkpoint, layout, quantisation);
  }
  try {
    const places = placesOf(config, options, storageOf(options, config.dtype, quantisation));
    const model = torch.scope(() => {
      const empty = skipInit(() => new Decoder(config));
      const left = new Set(layout.shapes.keys());
      const read = progressOf(weights, left, options.onProgress);
      const { quantize } = options;
      putFourBitLayers(empty, weights, { quantised: quantize === 'nf4', places, read });
      // What was checked lacks nothing but the further names of shared weights.
      const state = readWeights(weights, [...left], config.dtype, { ...options, places, read });
      empty.loadStateDict(state, { assign: true, strict: false });
      empty.model.isSpread = places.isSpread;
      return empty;
    });
    model.tokenizer = checkpoint.tokenizer();
    return model.requiresGrad_(false).eval();
  } finally {
    weights.dispose();
  }
}

/** What a plan counts the weights as. */
function storageOf(
  { dtype, quantize }: LoadOptions,
  saved: DType | undefined,
  quantisation: Quantisation | null,
): { dtype: DType; quantize?: 'nf4' } {
  const kept = quantisation?.method === 'nf4' ? 'nf4' : quantize;
  return { dtype: dtype === undefined || dtype === 'auto' ? (saved ?? 'float32') : dtype, quantize: kept };
}

/** Takes what has been read off what is left, and tells how many bytes that makes. */
function progressOf(
  weights: Weights,
  left: Set<string>,
  tell: (done: number, total: number) => void = () => undefined,
): (names: string[]) => void {
  const bytesOf = (name: string): number => {
    const { begin, end } = weights.info(name);
    return end - begin;
  };
  const total = [...left].reduce((sum, name) => sum + bytesOf(name), 0);
  let done = 0;
  return (names) => {
    for (const name of names) {
      left.delete(name);
      done += bytesOf(name);
    }
    tell(done, total);
  };
}

/**
 * A model with random weights, drawn as transformers draws them: N(0, initializerRange) for matrices, ones for norms.
 * All parameters require gradients. Inside `skipInit` nothing is drawn.
 * @throws InputError when the numbers do not fit each other, or for a family that is not known
 */
export function createModel(shape: DecoderShape): LanguageModel {
  familyOf(shape.modelType); // an unknown one should be told now, not when the model is saved
  return new Decoder(shape);
}

/**
 * End-of-sequence ids of generation_config.json, which transformers' `generate` prefers to config.json's. Those that are
 * no token's end nothing.
 */
function generationEos(generationConfig: unknown, vocabSize: number): number[] | undefined {
  const { eos_token_id: eos } = (generationConfig ?? {}) as { eos_token_id?: unknown };
  if (eos === undefined || eos === null) return undefined;
  const ids = [eos].flat();
  if (!ids.every((id): id is number => Number.isSafeInteger(id))) {
    throw new InputError(
      `generation_config.json: eos_token_id must be a token id or a list of them, got ${shown(eos)}`,
    );
  }
  return ids.filter((id) => id >= 0 && id < vocabSize);
}
