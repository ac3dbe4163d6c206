import { Device, Event, Stream, type DeviceLike } from './device';
import { native } from './load-native';
import type { NativeGraph } from './native';
import { scope } from './scope';
import type { Tensor } from './tensor';

/** Work on a GPU that was recorded, to be launched as one. */
export interface CapturedGraph extends Disposable {
  /** Computes anew from what its inputs hold now. The result is a copy. */
  replay(): Tensor;
  dispose(): void;
}

/** Records work of constant shapes: every tensor that it reads must stay where it is, and nothing may be read back. */
export interface GraphRecorder {
  /** Runs work where it will be recorded: libraries make there what they may not make while they are recorded. */
  warmUp<T>(work: () => T): T;
  /** Records work, which computes nothing yet. @throws Error when it did what cannot be recorded */
  capture(work: () => Tensor): CapturedGraph;
}

let replays = 0;

/** Graphs that this thread has launched so far. */
export const graphReplays = (): number => replays;

/** Captured graphs of CUDA, on a stream of their own. */
class CudaGraphs implements GraphRecorder {
  readonly #device: DeviceLike;
  readonly #stream: Stream;

  constructor(device: DeviceLike) {
    this.#device = device;
    this.#stream = new Stream(device);
  }

  warmUp<T>(work: () => T): T {
    return this.#aside(work);
  }

  capture(work: () => Tensor): CapturedGraph {
    const [graph, output] = this.#aside(() => {
      const made = native.beginGraph(String(this.#device));
      try {
        // What is made on the way belongs to the graph, and may be used again by what it launches later.
        const result = scope(work).keep();
        native.endGraph(made);
        return [made, result] as const;
      } catch (error) {
        native.dropGraph(made);
        throw error;
      }
    });
    return new CudaGraph(graph, output);
  }

  /** Runs work on the stream, after everything that was queued before and before everything that follows. */
  #aside<T>(work: () => T): T {
    const before = Stream.current(this.#device);
    const queued = new Event(this.#device, { timing: false });
    queued.record(before);
    queued.wait(this.#stream);
    this.#stream.use();
    try {
      return work();
    } finally {
      before.use();
      this.#stream.synchronize();
    }
  }
}

class CudaGraph implements CapturedGraph {
  readonly #graph: NativeGraph;
  readonly #output: Tensor;

  constructor(graph: NativeGraph, output: Tensor) {
    [this.#graph, this.#output] = [graph, output];
  }

  replay(): Tensor {
    native.replayGraph(this.#graph);
    replays += 1;
    return this.#output.clone();
  }

  dispose(): void {
    this.#output.dispose();
    native.dropGraph(this.#graph);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Null where there are no graphs to capture: on other devices, and where the addon was built without them. */
export function graphRecorder(device: DeviceLike): GraphRecorder | null {
  const isCuda = new Device(device).type === 'cuda';
  return isCuda && native.hasGraphs() ? new CudaGraphs(device) : null;
}
