import { debuglog } from 'node:util';
import type { AnyModule } from '../nn';
import { ModelSnapshot } from '../nn/snapshot';
import type { CapturedGraph, GraphRecorder, Tensor } from '../torch';
import type { FixedStep } from './fixed-step';

const debug = debuglog('soo');

/**
 * Steps of decoding as one launch each: the first runs as it is, which readies the device's libraries, the second is
 * captured, and from then on the graph is replayed. What goes wrong on the way is told by `NODE_DEBUG=soo`, and the plain
 * step does the work from there: it finds the cache as it needs it, since only whole steps count.
 */
export class CapturedStep implements Disposable {
  readonly #model: AnyModule;
  readonly #recorder: GraphRecorder;
  readonly #makeStep: () => FixedStep;
  #step: FixedStep | undefined;
  #snapshot: ModelSnapshot | undefined;
  #graph: CapturedGraph | undefined;
  #isOff = false;

  constructor(model: AnyModule, recorder: GraphRecorder, makeStep: () => FixedStep) {
    [this.#model, this.#recorder, this.#makeStep] = [model, recorder, makeStep];
  }

  /**
   * One token more for each sequence that goes on.
   * @returns logits [tokens, vocab]; undefined when the plain step has to do
   */
  run(tokens: readonly number[]): Tensor | undefined {
    if (this.#isOff) return undefined;
    try {
      const logits = this.#next(tokens);
      // Looked at while the device works: what was computed with another model than is there now is thrown away.
      if (this.#snapshot?.isCurrent()) return logits.narrow(0, 0, tokens.length);
      this.#giveUp('the model has hooks, or has changed since its step was captured');
    } catch (error) {
      this.#giveUp(error instanceof Error ? error.message : String(error));
    }
    return undefined;
  }

  #next(tokens: readonly number[]): Tensor {
    if (!this.#step) {
      this.#snapshot = new ModelSnapshot(this.#model);
      const step = (this.#step = this.#makeStep());
      step.feed(tokens);
      return this.#recorder.warmUp(() => step.run());
    }
    const step = this.#step;
    step.feed(tokens);
    this.#graph ??= this.#recorder.capture(() => step.run());
    return this.#graph.replay();
  }

  #giveUp(reason: string): void {
    debug('decoding goes on without a captured graph: %s', reason);
    this.#isOff = true;
    this.dispose();
  }

  dispose(): void {
    this.#graph?.dispose();
    this.#step?.dispose();
    this.#snapshot?.dispose();
    this.#graph = this.#step = this.#snapshot = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
