import { dequantiseNf4, quantiseBlocks, quantiseNf4, torch, type DType, type Tensor } from '../torch';
import { NESTED_BLOCK, NF4_BLOCK } from '../torch/nf4-blocks';

/** Magnitudes of blocks that are quantised as well. */
export interface NestedMagnitudes {
  /** float32 [ceil(blocks / 256)]: the largest distance from `offset` of 256 magnitudes. */
  absmax: Tensor;
  /** float32 [256]: what the codes stand for. */
  map: Tensor;
  /** The mean of the magnitudes. */
  offset: number;
}

/**
 * A weight [out, in] in four bits a number (NF4), as bitsandbytes keeps it. Its tensors belong to whoever holds it.
 */
export interface FourBitWeight {
  shape: readonly [number, number];
  /** What the numbers were before, which is what they become again by default. */
  dtype: DType;
  /** Numbers that share a magnitude: 64 as a rule. */
  blockSize: number;
  /** uint8 [ceil(out * in / 2), 1]: two codes a byte. */
  codes: Tensor;
  /** float32 [blocks], or uint8 [blocks] where `nested` says what the codes stand for. */
  absmax: Tensor;
  nested: NestedMagnitudes | null;
}

/**
 * Quantises a weight to the bits that bitsandbytes gives.
 * @param weight [out, in] in float32, bfloat16 or float16, on the processor
 * @param options.double whether magnitudes are quantised to eight bits as well; default true
 * @throws TypeError for another dtype, and for NaN or infinity
 */
export function quantise(weight: Tensor, { double = true, blockSize = NF4_BLOCK } = {}): FourBitWeight {
  const [out, into] = weight.shape as [number, number];
  const { codes, absmax } = quantiseNf4(weight, blockSize);
  const kept = { shape: [out, into] as const, dtype: weight.dtype, blockSize, codes };
  if (!double) return { ...kept, absmax, nested: null };
  const mean = absmax.mean();
  const map = dynamicMap();
  const nested = quantiseBlocks(absmax.sub(mean), map, NESTED_BLOCK);
  return { ...kept, absmax: nested.codes, nested: { absmax: nested.absmax, map, offset: mean.item<number>() } };
}

/** The magnitude of each block, float32 [blocks], on the weight's device. */
export function magnitudes({ absmax, nested }: FourBitWeight): Tensor {
  if (!nested) return absmax;
  return torch.scope(() => {
    const blocks = absmax.numel();
    const own = nested.absmax.repeatInterleave(NESTED_BLOCK).narrow(0, 0, blocks);
    return nested.map.indexSelect(0, absmax.to('int32')).mul(own).add(nested.offset);
  });
}

/** The numbers that the codes stand for, [out, in]: the bits that bitsandbytes gives, in float32, bfloat16 or float16. */
export function dequantise(weight: FourBitWeight, dtype: DType = weight.dtype): Tensor {
  const { codes, shape, blockSize } = weight;
  return torch.scope(() => {
    const absmax = magnitudes(weight);
    const numbers = dequantiseNf4({ codes, absmax }, shape, dtype, blockSize);
    return numbers ?? lookUp(codes, absmax, shape, blockSize).to(dtype);
  });
}

/** The values of NF4, which are also what a checkpoint says that its codes stand for. */
export const NF4_VALUES: readonly number[] = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
  -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
  0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
]; // prettier-ignore

/** By operators, for any device. */
export function lookUp(codes: Tensor, absmax: Tensor, [out, into]: readonly number[], blockSize: number): Tensor {
  return torch.scope(() => {
    const count = out * into;
    const bytes = codes.reshape([-1]).to('int32');
    const each = torch
      .stack([bytes.bitwiseRightShift(4), bytes.bitwiseAnd(15)], 1)
      .reshape([-1])
      .narrow(0, 0, count);
    const values = torch.tensor([...NF4_VALUES], { dtype: 'float32', device: codes.device });
    const scales = absmax.repeatInterleave(blockSize).narrow(0, 0, count);
    return values.indexSelect(0, each).mul(scales).reshape([out, into]);
  });
}

/**
 * The signed map of eight bits with a dynamic exponent (Dettmers 2015, arXiv 1511.04561): 0, 1, and for each of seven
 * exponents the middles of equal parts of [0.1, 1], twice as many as for the exponent before. float32 [256], ascending.
 */
export function dynamicMap(): Tensor {
  return torch.scope(() => {
    const parts = Array.from({ length: 7 }, (_, i) => {
      const bounds = torch.linspace(0.1, 1, 2 ** i + 1, { dtype: 'float32' });
      const middles = bounds
        .narrow(0, 0, 2 ** i)
        .add(bounds.narrow(0, 1, 2 ** i))
        .div(2);
      const sized = middles.mul(10 ** (i - 6));
      return torch.cat([sized, middles.mul(-(10 ** (i - 6)))]);
    });
    return torch.cat([...parts, torch.tensor([0, 1], { dtype: 'float32' })]).sort()[0];
  });
}
