import { native } from './load-native';
import type { DType } from './dtype';
import { NF4_BLOCK } from './nf4-blocks';
import { Tensor } from './tensor';

// Four bits a weight as bitsandbytes has them: see native/kernels/nf4.h. Elsewhere than on the processor codes are looked
// up by operators (lib/nn/four-bit.ts), where there is no kernel for it.

/** Codes, and the largest magnitude of each block. */
export interface Quantised {
  /** uint8: two codes a byte from {@link quantiseNf4} [ceil(numel / 2), 1], one a byte from {@link quantiseBlocks}. */
  codes: Tensor;
  /** float32 [blocks]. */
  absmax: Tensor;
}

function quantised(handles: readonly number[]): Quantised {
  const [codes, absmax] = handles.map((handle) => new Tensor(handle));
  return { codes, absmax };
}

/**
 * Numbers to codes of NF4, the same bits as bitsandbytes'.
 *
 * @param weight float32, bfloat16 or float16 on the processor, of any shape: blocks run on over the ends of rows
 * @param blockSize 32, 64, ... or 4096
 * @throws TypeError for another dtype, and for NaN or infinity
 */
export function quantiseNf4(weight: Tensor, blockSize = NF4_BLOCK): Quantised {
  return quantised(native.nf4Quantise(weight.handle, blockSize));
}

/**
 * float32 numbers [count] to the nearest entries of a map [256] between -1 and 1, the same bits as bitsandbytes': what
 * the magnitudes of blocks become where they are quantised as well.
 */
export function quantiseBlocks(values: Tensor, map: Tensor, blockSize: number): Quantised {
  return quantised(native.blockQuantise(values.handle, map.handle, blockSize));
}

/**
 * Codes of NF4 to numbers of that shape and dtype (float32, bfloat16 or float16), the same bits as bitsandbytes'.
 * @returns null on other devices than the processor, and on GPUs where native/cuda was not built
 */
export function dequantiseNf4(
  { codes, absmax }: Quantised,
  shape: readonly number[],
  dtype: DType = 'float32',
  blockSize = NF4_BLOCK,
): Tensor | null {
  const { type } = codes.device;
  if (type === 'cpu')
    return new Tensor(native.nf4Dequantise(codes.handle, absmax.handle, [...shape], blockSize, dtype));
  if (type !== 'cuda') return null;
  const handle = native.nf4DequantiseCuda(codes.handle, absmax.handle, [...shape], blockSize, dtype);
  return handle === null ? null : new Tensor(handle);
}

/** A weight of four bits as a product reads it. */
export interface Nf4Operand extends Quantised {
  shape: readonly [out: number, into: number];
  /** What codes of eight bits in `absmax` stand for; null where `absmax` is float32. */
  nested: { absmax: Tensor; map: Tensor; offset: number } | null;
}

/**
 * `linear` without a bias for a frozen weight of four bits, in blocks of 64: a panel of it becomes numbers at a time. The
 * gradient flows to the input alone, through another such product.
 *
 * @param input float32 [..., in] on the processor
 * @returns [..., out]; null for another dtype or device, inputs that are no multiple of 64, or without AVX2
 * @throws TypeError where codes, magnitudes and shape do not fit each other
 */
export function nf4Linear(input: Tensor, { codes, absmax, nested, shape }: Nf4Operand): Tensor | null {
  const { map = null, absmax: own = null, offset = 0 } = nested ?? {};
  const handle = native.nf4Linear(
    input.handle,
    codes.handle,
    absmax.handle,
    map?.handle ?? null,
    own?.handle ?? null,
    offset,
    ...shape,
  );
  return handle === null ? null : new Tensor(handle);
}
