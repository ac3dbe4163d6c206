/** Scaled rotary positions: what a GGUF file says of them in keys and in tensors, in the words of config.json. */
import { torch } from '../../torch';
import { InputError, quoted } from '../../files/input-error';
import type { ArchitectureKeys } from './architecture-keys';
import type { Architecture } from './architectures';
import type { GgufFile } from './file';

/**
 * `rope_scaling` of config.json; undefined where positions are not scaled.
 * @throws InputError for a way of scaling that cannot be said there
 */
export function ropeScaling(
  file: GgufFile,
  keys: ArchitectureKeys,
  architecture: Architecture,
): Record<string, unknown> | undefined {
  if (file.tensors.has('rope_factors_long.weight')) {
    return {
      rope_type: 'longrope',
      short_factor: numbersOf(file, 'rope_factors_short.weight'),
      long_factor: numbersOf(file, 'rope_factors_long.weight'),
      original_max_position_embeddings: keys.number('rope.scaling.original_context_length'),
    };
  }
  if (file.tensors.has('rope_freqs.weight')) return llama3(file, keys);
  const type = keys.text('rope.scaling.type') ?? 'none';
  if (type === 'none') return undefined;
  const factor = keys.metadata.required(`${architecture.name}.rope.scaling.factor`, keys.number('rope.scaling.factor'));
  if (type === 'linear') return { rope_type: 'linear', factor };
  if (type === 'yarn') {
    const allDimensions = keys.number('rope.scaling.yarn_log_multiplier');
    return {
      rope_type: 'yarn',
      factor,
      original_max_position_embeddings: keys.number('rope.scaling.original_context_length'),
      beta_fast: keys.number('rope.scaling.yarn_beta_fast'),
      beta_slow: keys.number('rope.scaling.yarn_beta_slow'),
      // llama.cpp knows the second alone, and takes 1 for the first.
      mscale: allDimensions === undefined ? undefined : 1,
      mscale_all_dim: allDimensions,
      llama_4_scaling_beta: keys.number('attention.temperature_scale'),
    };
  }
  throw new InputError(`${keys.metadata.file}: rope.scaling.type is ${quoted(type)}, which is not supported`);
}

function numbersOf(file: GgufFile, name: string): number[] {
  return torch.scope(() => Array.from(file.tensor(name).to('float32').toTypedArray() as Float32Array));
}

/** What all published models of that kind have; the factor is the largest number in the tensor. */
const LOW = 1;
const HIGH = 4;
const ORIGINAL = 8192;

/**
 * Llama 3's way is stored as what it divides each frequency by. Its settings are found again, and must give these numbers.
 */
function llama3(file: GgufFile, keys: ArchitectureKeys): Record<string, unknown> | undefined {
  const divisors = numbersOf(file, 'rope_freqs.weight');
  const factor = divisors.reduce((most, one) => Math.max(most, one), 1);
  if (factor === 1) return undefined;
  const base = keys.number('rope.freq_base') ?? 10000;
  const wrong = divisors.findIndex((divisor, i) => {
    const length = 2 * Math.PI * base ** (i / divisors.length);
    const smooth = (ORIGINAL / length - LOW) / (HIGH - LOW);
    const wanted = 1 / (1 / factor + (1 - 1 / factor) * Math.min(1, Math.max(0, smooth)));
    return Math.abs(divisor / wanted - 1) > 1e-3;
  });
  if (wrong >= 0)
    throw new InputError(`${keys.metadata.file}: tensor "rope_freqs.weight" scales positions as no known way does`);
  return {
    rope_type: 'llama3',
    factor,
    low_freq_factor: LOW,
    high_freq_factor: HIGH,
    original_max_position_embeddings: ORIGINAL,
  };
}
