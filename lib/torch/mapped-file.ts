import { statSync } from 'node:fs';
import type { DType } from './dtype';
import { native } from './load-native';
import { Tensor } from './tensor';

/** A file mapped into memory: tensors lie in it without being read first, and writing to one never changes the file. */
export class MappedFile {
  readonly path: string;
  readonly byteLength: number;
  readonly #id: number;

  constructor(path: string) {
    // A pipe would be waited for.
    if (statSync(path, { throwIfNoEntry: false })?.isFIFO()) throw new Error(`mapFile: ${path}: is a pipe, no file`);
    this.path = path;
    this.#id = native.mapFile(path);
    this.byteLength = native.mappedSize(this.#id);
  }

  /** A copy of `length` bytes from `offset`. */
  bytes(offset: number, length: number): Uint8Array {
    if (!(length >= 0 && length <= this.byteLength))
      throw new RangeError(`${this.path}: cannot read ${length} bytes of ${this.byteLength}`);
    const copy = new Uint8Array(length);
    native.readMapped(this.#id, offset, copy);
    return copy;
  }

  /** A tensor on the processor that lies in the mapping and keeps it alive. `offset` is in bytes and must be aligned. */
  tensor(offset: number, dtype: DType, shape: readonly number[]): Tensor {
    return new Tensor(native.mappedTensor(this.#id, offset, dtype, [...shape]));
  }

  /** Closes the file; tensors made from it stay valid. */
  dispose(): void {
    native.unmapFile(this.#id);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Gives back the memory that a tensor of a mapped file takes; it is read from the file again when it is next looked at.
 * Tensors that lie elsewhere, or were written to, stay as they are.
 */
export function releaseMapped(tensor: Tensor): void {
  native.releaseMapped(tensor.handle);
}

export function mapFile(path: string): MappedFile {
  return new MappedFile(path);
}
