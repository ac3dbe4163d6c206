/** The weights of a quantised checkpoint as numbers, each unpacked when it is asked for. */
import { torch, type Tensor } from '../../torch';
import { dequantise, type FourBitWeight } from '../../nn/four-bit';
import { InputError, quoted } from '../../files/input-error';
import type { Weights } from '../../checkpoints/sharded';
import type { Quantisation } from './config';
import { fourBitInfo, isFourBit, isPiece, readFourBit } from './four-bit-weights';

/** How one format hides a weight under other names. */
interface Format {
  /** Whether a stored name is only a piece of a weight. */
  isPiece(name: string): boolean;
  /** The weights that stored names make: as the model names them, and undefined for one that is stored as it is. */
  unpack(weights: Weights, name: string): Packed | undefined;
  /** The model's name of what is stored under another. */
  nameOf?(stored: string): string;
}

interface Packed {
  shape: readonly number[];
  dtype: Tensor['dtype'];
  read(): Tensor;
}

/** Weights as numbers, of which some are stored in four bits and can be had as they are. */
export interface NumberWeights extends Weights {
  /** The weight as it is stored; undefined for one that is not of four bits. */
  fourBit(name: string): FourBitWeight | undefined;
}

/** @throws InputError, when a tensor is asked for, that names the piece that is missing or does not fit */
export function numbersOf(weights: Weights, quantisation: Quantisation | null): NumberWeights {
  if (!quantisation) return { ...weights, fourBit: () => undefined };
  const format = formatOf(weights, quantisation);
  const named = new Map(
    weights.names.filter((name) => !format.isPiece(name)).map((name) => [format.nameOf?.(name) ?? name, name]),
  );
  const storedAs = (name: string): string => named.get(name) ?? name;
  const stored = new Set(weights.names);
  return {
    fourBit: (name) => (isFourBit(stored, name) ? readFourBit(weights, name) : undefined),
    names: [...named.keys()],
    fileOf: (name) => weights.fileOf(storedAs(name)),
    info(name) {
      const info = weights.info(storedAs(name));
      const packed = format.unpack(weights, name);
      return packed ? { ...info, name, shape: [...packed.shape], dtype: packed.dtype } : info;
    },
    tensor(name) {
      const packed = format.unpack(weights, name);
      return packed ? torch.scope(() => packed.read()) : weights.tensor(storedAs(name));
    },
    dispose: () => weights.dispose(),
  };
}

function formatOf(weights: Weights, quantisation: Quantisation): Format {
  const names = new Set(weights.names);
  switch (quantisation.method) {
    case 'nf4':
      return fourBit(names);
    case 'fp8':
      return float8(names, quantisation.block);
    case 'mxfp4':
      return mxfp4(names);
  }
}

const fourBit = (names: ReadonlySet<string>): Format => ({
  isPiece,
  unpack: (weights, name) =>
    isFourBit(names, name)
      ? { ...fourBitInfo(weights, name), read: () => dequantise(readFourBit(weights, name)) }
      : undefined,
});

const SCALES = ['_scale_inv', '_scale'];

/**
 * Eight-bit floats with a scale for each block (DeepSeek's `weight_scale_inv`), row (FBGEMM's `weight_scale`) or tensor.
 * They become bfloat16, which holds every number of eight bits times a scale to its own three or four digits.
 */
function float8(names: ReadonlySet<string>, block: readonly [number, number] | null): Format {
  const scaleOf = (name: string): string | undefined => SCALES.map((end) => name + end).find((end) => names.has(end));
  return {
    isPiece: (name) => /\.(weight_scale(_inv)?|activation_scale|input_scale(_ub)?)$/.test(name),
    unpack(weights, name) {
      const scale = scaleOf(name);
      if (scale === undefined) return undefined;
      const { shape } = weights.info(name);
      return { shape, dtype: 'bfloat16', read: () => scaled(weights, { name, scale, block }) };
    },
  };
}

function scaled(
  weights: Weights,
  { name, scale, block }: { name: string; scale: string; block: readonly [number, number] | null },
): Tensor {
  const numbers = weights.tensor(name).to('float32');
  const [rows, columns] = numbers.shape;
  const scales = weights.tensor(scale).to('float32');
  if (scales.numel() === 1) return numbers.mul(scales.reshape([])).to('bfloat16');
  const [height, width] = scales.numel() === rows ? [1, columns] : (block ?? [0, 0]);
  const grid = [Math.ceil(rows / height), Math.ceil(columns / width)];
  if (scales.numel() !== grid[0] * grid[1]) {
    throw new InputError(`${weights.fileOf(scale)}: tensor ${quoted(scale)} is [${scales.shape.join(', ')}], which are not the scales of [${rows}, ${columns}]`); // prettier-ignore
  }
  const spread = scales.reshape(grid).repeatInterleave(height, 0).narrow(0, 0, rows);
  return numbers.mul(spread.repeatInterleave(width, 1).narrow(1, 0, columns)).to('bfloat16');
}

const BLOCKS = '_blocks';

/**
 * Four-bit floats (two a byte, the first in the lower half) in groups of 32 with one power of two each, as the Open
 * Compute Project's MX formats have them: `NAME_blocks` uint8 [..., groups, 16] and `NAME_scales` uint8 [..., groups]
 * become NAME [..., groups * 32].
 */
function mxfp4(names: ReadonlySet<string>): Format {
  const scalesOf = (name: string): string => `${name}_scales`;
  return {
    isPiece: (name) => name.endsWith('_scales') && names.has(name.replace(/_scales$/, BLOCKS)),
    nameOf: (stored) =>
      stored.endsWith(BLOCKS) && names.has(stored.replace(/_blocks$/, '_scales'))
        ? stored.slice(0, -BLOCKS.length)
        : stored,
    unpack(weights, name) {
      if (!names.has(name + BLOCKS) || !names.has(scalesOf(name))) return undefined;
      const { shape } = weights.info(name + BLOCKS);
      const whole = [...shape.slice(0, -2), (shape.at(-2) ?? 0) * (shape.at(-1) ?? 0) * 2];
      return { shape: whole, dtype: 'bfloat16', read: () => exponents(weights, name, whole) };
    },
  };
}

/** E2M1: one bit of sign, two of exponent, one of fraction. */
const FP4_VALUES = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6];

function exponents(weights: Weights, name: string, shape: readonly number[]): Tensor {
  const [blocks, scales] = [weights.tensor(name + BLOCKS), weights.tensor(`${name}_scales`)];
  const fits = scales.shape.join() === blocks.shape.slice(0, -1).join();
  if (!fits || blocks.dtype !== 'uint8' || scales.dtype !== 'uint8') {
    throw new InputError(`${weights.fileOf(name + BLOCKS)}: ${quoted(`${name}_scales`)} is ${scales.dtype} [${scales.shape.join(', ')}], which are not the scales of ${blocks.dtype} [${blocks.shape.join(', ')}]`); // prettier-ignore
  }
  const values = torch.tensor(FP4_VALUES, { dtype: 'bfloat16' });
  const bytes = blocks.to('int32');
  const codes = torch.stack([bytes.bitwiseAnd(15), bytes.bitwiseRightShift(4)], -1).flatten(-2);
  const numbers = values.indexSelect(0, codes.reshape([-1])).reshape(codes.shape);
  return torch.ldexp(numbers, scales.to('int32').sub(127).unsqueeze(-1)).reshape([...shape]);
}
