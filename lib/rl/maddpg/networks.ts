/** Policy and critic: maddpg-pytorch's `MLPNetwork`, with its hidden layers to be seen. Parameter names are its own. */
import { BatchNorm1d, init, Linear, Module, type AnyModule, type Parameter } from '../../nn';
import type { Tensor } from '../../torch';

const LEAK = 0.01;

/** What a network computes on the way, `[batch, hidden]` twice and `[batch, output]`. */
export interface Layers {
  h1: Tensor;
  h2: Tensor;
  output: Tensor;
}

/** Normalised input, two hidden layers with leaky rectifiers, and a linear output. */
export class Network extends Module {
  readonly inFn: BatchNorm1d;
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly fc3: Linear;
  readonly #parts: readonly AnyModule[];
  readonly #parameters: Parameter[];

  constructor(
    readonly inputSize: number,
    readonly outputSize: number,
    readonly hiddenSize = 64,
  ) {
    super();
    this.inFn = new BatchNorm1d(inputSize);
    this.fc1 = new Linear(inputSize, hiddenSize);
    this.fc2 = new Linear(hiddenSize, hiddenSize);
    this.fc3 = new Linear(hiddenSize, outputSize);
    this.#parts = [this, this.inFn, this.fc1, this.fc2, this.fc3];
    this.#parameters = super.parameters();
  }

  // Looked up once: walking the modules takes longer than the smaller of their products, and every update asks.
  override parameters(): Parameter[] {
    return this.#parameters;
  }

  override train(mode = true): this {
    for (const part of this.#parts) part.training = mode;
    return this;
  }

  /** @param input [batch, inputSize] */
  layers(input: Tensor): Layers {
    const h1 = this.fc1.call(this.inFn.call(input)).leakyRelu(LEAK);
    const h2 = this.fc2.call(h1).leakyRelu(LEAK);
    return { h1, h2, output: this.fc3.call(h2) };
  }

  /** @param input [batch, inputSize] to [batch, outputSize] */
  forward(input: Tensor): Tensor {
    return this.layers(input).output;
  }
}

/** Actions within -1..1; the last layer starts near nothing, so that no action is preferred at first. */
export class Policy extends Network {
  constructor(observationSize: number, actionSize: number, hiddenSize?: number) {
    super(observationSize, actionSize, hiddenSize);
    init.uniform_(this.fc3.weight, -3e-3, 3e-3);
  }

  override layers(observations: Tensor): Layers {
    const { h1, h2, output } = super.layers(observations);
    return { h1, h2, output: output.tanh() };
  }
}
