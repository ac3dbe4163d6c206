import { backward, type BackwardOptions } from './backward';
import { Device, isDeviceName, type DeviceLike } from './device';
import { isDType, itemSize, typedArrayFor, type Complex, type DType, type Layout, type TypedArray } from './dtype';
import { plainValues, type Element } from './element-values';
import { registerHook, type HookHandle } from './hooks';
import { native } from './load-native';
import type { TensorMethods } from './operators.generated';
import { open } from './scope';

/** Element values as nested arrays; a bare value for a tensor without dimensions. */
export type NestedArray<T = Element> = T | NestedArray<T>[];

/** A copy of a tensor's handle means nothing in another worker: a value that cannot be copied stops it, and says so. */
const NOT_COPIED = Symbol('a tensor (hand it to another worker with torch.share and torch.receive)');

/**
 * A libtorch tensor. Every `aten` operator whose first tensor is `self` is a method, in camelCase, with autograd; an
 * options object at the end names keyword arguments: `x.sum([0], true)`, `x.add(y, { alpha: 2 })`.
 *
 * Memory: a tensor is freed by the `scope` it was made in, by `dispose()` or `using`, or at last by the collector.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the operators are added to the prototype
export class Tensor {
  /** @internal A number that the addon knows the tensor by. */
  readonly handle: number;
  /** @internal */
  readonly copied = NOT_COPIED;

  /** @internal Use `torch.tensor` and the operators. */
  constructor(handle: number) {
    this.handle = handle;
    if (open.depth === 0) native.watch(this, handle);
  }

  get shape(): number[] {
    return native.shape(this.handle);
  }

  get dtype(): DType {
    return native.dtype(this.handle) as DType;
  }

  get device(): Device {
    return new Device(native.device(this.handle));
  }

  get layout(): Layout {
    return native.layout(this.handle) as Layout;
  }

  get ndim(): number {
    return native.dim(this.handle);
  }

  /** Number of dimensions. */
  dim(): number {
    return native.dim(this.handle);
  }

  numel(): number {
    return native.numel(this.handle);
  }

  /** The shape, or the size of one dimension; negative numbers count from the end. */
  size(): number[];
  size(dim: number): number;
  size(dim?: number): number | number[] {
    const shape = native.shape(this.handle);
    return dim === undefined ? shape : pick(shape, dim, 'size');
  }

  /** Steps in elements between neighbours along each dimension. */
  stride(): number[];
  stride(dim: number): number;
  stride(dim?: number): number | number[] {
    const strides = native.stride(this.handle);
    return dim === undefined ? strides : pick(strides, dim, 'stride');
  }

  /** The transpose of a matrix. */
  get T(): Tensor {
    return this.t();
  }

  get requiresGrad(): boolean {
    return native.requiresGrad(this.handle);
  }

  set requiresGrad(on: boolean) {
    native.setRequiresGrad(this.handle, on);
  }

  get isLeaf(): boolean {
    return native.isLeaf(this.handle);
  }

  /** The name of the operation that made this tensor, for the backward pass; null for a leaf. */
  get gradFn(): string | null {
    return native.gradFunction(this.handle);
  }

  /** The gradient that backward passes have added up, same shape and dtype; null before the first. */
  get grad(): Tensor | null {
    const handle = native.getGrad(this.handle);
    return handle === null ? null : new Tensor(handle);
  }

  set grad(value: Tensor | null) {
    native.setGrad(this.handle, value === null ? null : value.handle);
  }

  /** Adds the gradient of this tensor with respect to every leaf to that leaf's `grad`; a scalar needs no `gradient`. */
  backward(gradient?: Tensor | null, options?: BackwardOptions): void {
    backward([this], gradient ? [gradient] : [], options);
  }

  /**
   * Calls `hook` with the gradient of this tensor when a backward pass has computed it; what it returns replaces it.
   * What the hook throws comes out of `backward` as it is. No graph is recorded inside, unless the pass was asked to
   * with `createGraph` or the hook uses `enableGrad`.
   */
  registerHook(hook: (grad: Tensor) => Tensor | void): HookHandle {
    return registerHook(this, hook);
  }

  /** Keeps the gradient of a tensor that is not a leaf in `grad`. */
  retainGrad(): void {
    native.retainGrad(this.handle);
  }

  /** Converts: `to('float16')`, `to('cuda:0')`, `to('cuda:0', 'float16')`; returns this very tensor when nothing changes. */
  to(target: DType | DeviceLike | Tensor, dtype?: DType): Tensor {
    if (target instanceof Tensor) return this.to(target.device, target.dtype);
    const device = isDeviceName(target) ? new Device(target) : this.device;
    const wanted = isDType(target) ? target : (dtype ?? this.dtype);
    if (!isDType(target) && !isDeviceName(target)) {
      throw new TypeError(
        `to: expected a dtype, a device or a tensor, got ${String(JSON.stringify(target)).slice(0, 40)}`,
      );
    }
    const here = this.device;
    const sameDevice = device.type === here.type && (device.index === null || device.index === here.index);
    if (sameDevice && wanted === this.dtype) return this;
    return this._toCopy({ dtype: wanted, device: sameDevice ? here : device });
  }

  /** A copy (or itself) on the processor. */
  cpu(): Tensor {
    return this.to('cpu');
  }

  /**
   * The single element: a number; for other dtypes say which: `item<boolean>()` of a bool tensor, `item<bigint>()` where
   * an int64 is beyond 2^53, `item<Complex>()`.
   */
  item<T extends number | boolean | bigint | Complex = number>(): T {
    return native.item(this.handle) as T;
  }

  /**
   * The elements in row-major order, copied: BigInt64Array for int64, Uint8Array for bool, Float32Array for the 8- and
   * 16-bit floats (exact), interleaved parts for complex dtypes. `torch.tensor(array, { dtype, shape })` takes it back.
   */
  toTypedArray(): TypedArray {
    const dtype = this.dtype;
    const constructor = typedArrayFor(dtype);
    if (!constructor) {
      const wider = dtype === 'complex32' ? 'complex64' : 'float32';
      return using(this._toCopy({ dtype: wider }), (copy) => copy.toTypedArray());
    }
    const array = new constructor(this.numel() * (dtype.startsWith('complex') ? 2 : 1));
    native.copyBytes(this.handle, array);
    return array;
  }

  /** The elements as nested arrays of numbers; int64 beyond 2^53 as bigint, bool as boolean, complex as `{ re, im }`. */
  toArray(): NestedArray {
    return nest(plainValues(this.toTypedArray(), this.dtype), this.shape);
  }

  /** `JSON.stringify` would write a number that means nothing elsewhere. */
  toJSON(): never {
    throw new TypeError(`a tensor ${this.dtype} [${this.shape.join(', ')}] has no JSON form: use toArray() or item()`);
  }

  /** The raw little-endian bytes of the elements in row-major order. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.numel() * itemSize(this.dtype));
    native.copyBytes(this.handle, bytes);
    return bytes;
  }

  /** Takes the tensor out of every scope; it lives until it is disposed of or this object is collected. */
  keep(): this {
    native.keep(this.handle);
    if (open.depth > 0) native.watch(this, this.handle);
    return this;
  }

  /** Frees this handle; views and graphs that share the storage keep it alive. A second call does nothing. */
  dispose(): void {
    native.dispose(this.handle);
  }

  [Symbol.dispose](): void {
    native.dispose(this.handle);
  }

  get isDisposed(): boolean {
    return !native.isLive(this.handle);
  }

  /** Whether the numbers of both, of one shape, lie in the same order: a dimension of size 1 has no step. */
  liesAs(other: Tensor): boolean {
    return native.lieAlike(this.handle, other.handle);
  }

  /** Whether both tensors lie in the same memory. */
  sharesStorage(other: Tensor): boolean {
    return native.sharesStorage(this.handle, other.handle);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export interface Tensor extends TensorMethods {
  /** What Python's `repr` gives; lib/torch/index.ts puts it on the prototype. */
  toString(): string;
}

/** @internal A handle on `tensor`'s storage, cut from its graph, for a class that extends Tensor. */
export function takeHandle(tensor: Tensor): number {
  return native.duplicate(tensor.handle);
}

function using<T>(tensor: Tensor, work: (tensor: Tensor) => T): T {
  try {
    return work(tensor);
  } finally {
    tensor.dispose();
  }
}

function pick(values: number[], dim: number, what: string): number {
  if (!Number.isInteger(dim)) throw new TypeError(`${what}: the dimension must be an integer, got ${String(dim)}`);
  const value = values.at(dim);
  if (value === undefined) throw new RangeError(`${what}: dimension ${dim} of a tensor with ${values.length}`);
  return value;
}

function nest(values: Element[], shape: number[]): NestedArray {
  const [size, ...rest] = shape;
  if (size === undefined) return values[0];
  const step = rest.reduce((product, each) => product * each, 1);
  return Array.from({ length: size }, (_, i) => nest(values.slice(i * step, (i + 1) * step), rest));
}
