import type { CallbackState } from './callbacks';
import type { Scalar } from './dtype';

/** What `native/` exports. Tensors are numbers here (handles); everything above wraps them in `Tensor`. */
export interface NativeAddon {
  readonly builtWith: string;
  setErrors(classes: { Error: typeof Error; TypeError: typeof TypeError; RangeError: typeof RangeError }): void;

  operatorNames(): string[];
  operatorSchema(index: number): string;
  operatorProblem(index: number): string | null;
  /** Whether it may draw random numbers of libtorch's own generator. */
  operatorDraws(index: number): boolean;
  operatorFunction(index: number): NativeOperator;

  fromBytes(data: ArrayBufferView, dtype: string, shape: readonly number[]): number;
  copyBytes(handle: number, into: ArrayBufferView): void;
  /** A tensor without dimensions that counts as a number where dtypes are promoted. */
  numberTensor(value: Scalar): number;
  item(handle: number): Scalar;
  shape(handle: number): number[];
  stride(handle: number): number[];
  numel(handle: number): number;
  dim(handle: number): number;
  dtype(handle: number): string;
  device(handle: number): string;
  layout(handle: number): string;
  requiresGrad(handle: number): boolean;
  setRequiresGrad(handle: number, on: boolean): void;
  isLeaf(handle: number): boolean;
  retainGrad(handle: number): void;
  getGrad(handle: number): number | null;
  hasGrad(handle: number): boolean;
  setGrad(handle: number, grad: number | null): void;
  gradFunction(handle: number): string | null;
  duplicate(handle: number): number;
  sharesStorage(a: number, b: number): boolean;
  /** How often it was changed in place; null where libtorch does not count. */
  version(handle: number): number | null;
  /** Whether both are the same elements of the same memory. */
  isSame(a: number, b: number): boolean;
  lieAlike(a: number, b: number): boolean;

  enterScope(): number;
  leaveScope(level: number, results: Float64Array | null): void;
  dispose(handle: number): boolean;
  isLive(handle: number): boolean;
  keep(handle: number): void;
  lift(handle: number, level: number): void;
  watch(object: object, handle: number): void;
  sweep(): void;
  memory(): { tensors: number; bytes: number };

  applyFunction(id: number, inputs: Float64Array): number[];
  setCallbacks(
    serve: (id: number, handles: (number | null)[]) => (number | null)[] | undefined,
    forget: (ids: number[]) => void,
  ): void;
  /** Put here by callbacks.ts. */
  callbackState?: CallbackState;
  forgetReleased(): void;
  useSecondThread(on: boolean): void;
  registerHook(handle: number, id: number): number;
  removeHook(handle: number, position: number): void;
  backward(roots: Float64Array, gradients: Float64Array, retainGraph: boolean | undefined, createGraph: boolean): void;
  grad(
    outputs: Float64Array,
    inputs: Float64Array,
    gradOutputs: Float64Array,
    retainGraph: boolean | undefined,
    createGraph: boolean,
    allowUnused: boolean,
  ): (number | null)[];
  isGradEnabled(): boolean;
  setGradEnabled(on: boolean): boolean;
  isInferenceMode(): boolean;
  inferenceMode<T>(callback: () => T): T;

  // Of the random state in use: 0 is the environment's own.
  forkRandomState(): number;
  /** The original goes on from where its fork is, unless it was used since. */
  joinRandomState(id: number, original: number): void;
  useRandomState(id: number): void;
  dropRandomState(id: number): void;
  manualSeed(seed: number | bigint): void;
  makeGenerator(device: string, seed: number | bigint): number;
  dropGenerator(id: number): void;
  rngState(source: string | number): number;
  setRngState(target: string | number, state: number): void;

  cuda(): { version: number; devices: number; problem: string };
  allowTf32(): boolean;
  setAllowTf32(on: boolean): void;
  /** Null: operators of that kind of device cast nothing in this thread. */
  setAutocast(device: string, dtype: string | null): void;
  clearAutocastCache(): void;
  devices(): string[];
  outsideBackend(): string;
  synchronize(device: string): void;
  deviceMemory(device: string): DeviceMemory;
  /** Null where its allocator cannot tell. */
  freeMemory(device: string): number | null;
  resetPeakMemory(device: string): void;
  emptyCache(device: string): void;
  makeStream(device: string): NativeStream;
  currentStream(device: string): NativeStream;
  setCurrentStream(stream: NativeStream): void;
  synchronizeStream(stream: NativeStream): void;
  makeEvent(device: string, timing: boolean): NativeEvent;
  recordEvent(event: NativeEvent, stream: NativeStream): void;
  waitEvent(event: NativeEvent, stream: NativeStream): void;
  queryEvent(event: NativeEvent): boolean;
  synchronizeEvent(event: NativeEvent): void;
  elapsedTime(from: NativeEvent, to: NativeEvent): number;
  hasGraphs(): boolean;
  beginGraph(device: string): NativeGraph;
  endGraph(graph: NativeGraph): void;
  replayGraph(graph: NativeGraph): void;
  dropGraph(graph: NativeGraph): void;
  numThreads(): number;
  setNumThreads(threads: number): void;
  processor(): string;

  mapFile(path: string): number;
  mappedSize(id: number): number;
  readMapped(id: number, offset: number, into: Uint8Array): void;
  mappedTensor(id: number, offset: number, dtype: string, shape: readonly number[]): number;
  unmapFile(id: number): void;
  releaseMapped(handle: number): void;

  /** Null where the tensors are of another kind, or the processor lacks AVX2. */
  cachedAttention(query: number, key: number, value: number, mask: number | null): number | null;
  promptAttention(query: number, key: number, value: number, mask: number | null): number | null;
  canPrepack(): boolean;
  multipliesTiles(): boolean;
  /** Blocks of one of ggml's types, by its number in files. */
  dequantizeGgml(blocks: number, type: number): number;
  /** Null where another way is meant or faster. */
  frozenLinear(input: number, weight: number): number | null;
  wideLinear(input: number, weight: number): number | null;
  prepackLinear(weight: number): number;
  nf4Quantise(weight: number, block: number): [codes: number, absmax: number];
  blockQuantise(values: number, map: number, block: number): [codes: number, absmax: number];
  /** Null where another way is meant. */
  nf4Linear(
    input: number,
    codes: number,
    absmax: number,
    map: number | null,
    nested: number | null,
    offset: number,
    out: number,
    into: number,
  ): number | null;
  /** Null where the kernel is missing or another way is meant. */
  nf4DequantiseCuda(
    codes: number,
    absmax: number,
    shape: readonly number[],
    block: number,
    dtype: string,
  ): number | null;
  nf4Dequantise(codes: number, absmax: number, shape: readonly number[], block: number, dtype: string): number;
  linearPrepacked(input: number, panels: number, out: number, wide: boolean): number;
  /** Null where the tensors are of another kind. */
  rmsNorm(input: number, weight: number, eps: number): number | null;
  /** Null where the tensors are not contiguous float32 (int64 for the count) on the processor. */
  perceptron(
    input: number,
    parameters: number,
    runningMean: number,
    runningVar: number,
    numBatchesTracked: number,
    options: NativePerceptronOptions,
  ): number | null;

  /** `[gradient, loss]`; null where a tensor is of another kind, or the processor lacks AVX2. */
  criticGradient(
    transitions: number,
    agents: Float64Array,
    critic: Float64Array,
    batch: NativeActorCriticBatch,
    targetCritic: Float64Array,
    target: NativeCriticTarget,
  ): [gradient: number, loss: number] | null;
  policyGradient(
    transitions: number,
    agents: Float64Array,
    critic: Float64Array,
    batch: NativeActorCriticBatch,
    penalty: number,
  ): [gradient: number, loss: number] | null;

  /** The gradient's norm; null where a tensor is of another kind. */
  clippedAdamStep(
    parameters: number,
    gradient: number,
    expAvg: number,
    expAvgSq: number,
    options: NativeAdamOptions,
  ): number | null;

  share(handle: number, outlivesSender: boolean): bigint;
  receive(ticket: bigint): number;
  withdraw(ticket: bigint): boolean;

  openGroup(options: NativeGroupOptions): number;
  connectGroup(id: number): Promise<unknown>;
  /** A handle, or one of each rank. `root` counts for a broadcast. */
  collective(
    id: number,
    name: 'sum' | 'avg' | 'max' | 'broadcast' | 'gather' | 'gatherBytes',
    handle: number,
    root: number,
  ): Promise<number | number[]>;
  barrier(id: number): Promise<unknown>;
  /** The others are told the reason when they miss this rank. */
  failGroup(id: number, reason: string): Promise<unknown>;
  closeGroup(id: number): Promise<unknown>;
}

// Options are read by the names of their fields; what else an object holds is not looked at.

interface NativePerceptronOptions {
  hidden: number;
  outputs: number;
  training: boolean;
  bounded: boolean;
  momentum: number;
  eps: number;
  leak: number;
}

interface NativeActorCriticBatch {
  sizes: readonly number[];
  index: number;
  hidden: number;
  momentum: number;
  eps: number;
  leak: number;
}

interface NativeCriticTarget {
  mean: number;
  deviation: number;
  gamma: number;
  throughLast: boolean;
}

interface NativeAdamOptions {
  step: number;
  lr: number;
  beta1: number;
  beta2: number;
  eps: number;
  maxNorm: number;
}

interface NativeGroupOptions {
  host: string;
  port: number;
  rank: number;
  size: number;
  hostsStore: boolean;
  prefix: string;
  timeoutMs: number;
}

/** An operator bound to its overload; takes every argument in the schema's order, `undefined` for a default. */
export type NativeOperator = (...values: unknown[]) => unknown;

/** Bytes that libtorch's caching allocator holds on a device, and how many the device has in all. */
export interface DeviceMemory {
  allocated: number;
  peak: number;
  reserved: number;
  /** Null where the allocator cannot tell. */
  total: number | null;
}

declare const nativeStream: unique symbol;
declare const nativeEvent: unique symbol;
export type NativeStream = { readonly [nativeStream]: true };
export type NativeEvent = { readonly [nativeEvent]: true };
declare const nativeGraph: unique symbol;
export type NativeGraph = { readonly [nativeGraph]: true };
