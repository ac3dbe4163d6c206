/** Policy and critic: maddpg-pytorch's `MLPNetwork`, with its hidden layers to be seen. Parameter names are its own. */
import { BatchNorm1d, init, Linear, Module, Parameter, type AnyModule } from '../../nn';
import { perceptron, torch, type PerceptronTensors, type Tensor } from '../../torch';

/** Slope of the rectifiers below 0. */
export const LEAK = 0.01;

/** What a network computes on the way, `[batch, hidden]` twice and `[batch, output]`. */
export interface Layers {
  h1: Tensor;
  h2: Tensor;
  output: Tensor;
}

/**
 * Normalised input, two hidden layers with leaky rectifiers, and a linear output.
 *
 * All parameters lie in one vector, {@link flat}, of which those of the layers are views: so an update is one gradient,
 * one norm and one step of the optimiser. `call` computes in one piece, from the vector; `layers` layer by layer.
 */
export class Network extends Module {
  readonly inFn: BatchNorm1d;
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly fc3: Linear;
  readonly #parts: readonly AnyModule[];
  readonly #parameters: Parameter[];
  readonly #flat: Parameter;

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
    this.#flat = laidOut(this.#parameters);
  }

  /** All parameters in the order of `parameters()`: what an optimiser is given. */
  get flat(): Parameter {
    return this.#flat;
  }

  // Looked up once: walking the modules takes longer than the smaller of their products.
  override parameters(): Parameter[] {
    return this.#parameters;
  }

  override train(mode = true): this {
    for (const part of this.#parts) part.training = mode;
    return this;
  }

  override to(): never {
    throw new Error(`${this.kind}: its parameters are float32 numbers in one vector, and stay on the processor`);
  }

  /** @param input [batch, inputSize] */
  layers(input: Tensor): Layers {
    const h1 = this.fc1.call(this.inFn.call(input)).leakyRelu(LEAK);
    const h2 = this.fc2.call(h1).leakyRelu(LEAK);
    return { h1, h2, output: this.fc3.call(h2) };
  }

  /** @param input [batch, inputSize] to [batch, outputSize] */
  forward(input: Tensor): Tensor {
    return this.fused(input) ?? this.layers(input).output;
  }

  protected fused(input: Tensor, bounded = false): Tensor | null {
    const { training, inFn, hiddenSize: hidden, outputSize: outputs } = this;
    const { momentum, eps } = inFn;
    const tensors = this.inOnePiece();
    if (!tensors || momentum === null) return null;
    return perceptron(input, tensors, { hidden, outputs, training, bounded, momentum, eps, leak: LEAK });
  }

  /** What the network is computed from in one piece; null where a hook looks on at its layers, as they have to be there. */
  inOnePiece(): PerceptronTensors | null {
    const { runningMean, runningVar, numBatchesTracked } = this.inFn;
    if (!runningMean || !runningVar || !numBatchesTracked) return null;
    if (this.#parts.some((part) => part !== this && part.hasHooks)) return null;
    return { parameters: this.#flat, runningMean, runningVar, numBatchesTracked };
  }

  /** A vector that is laid out as {@link flat}, its gradient say, cut into views by the parameters' names. */
  named(vector: Tensor): [name: string, view: Tensor][] {
    let at = 0;
    return this.namedParameters().map(([name, parameter]) => {
      const view = vector.narrow(0, at, parameter.numel()).view(parameter.shape);
      at += parameter.numel();
      return [name, view];
    });
  }

  /** The gradient of a scalar with respect to {@link flat}, whichever of both ways the network was computed. */
  gradientOf(loss: Tensor): Tensor {
    const [whole, ...parts] = torch.grad(loss, [this.#flat, ...this.#parameters], { allowUnused: true });
    if (parts.every((part) => part === null)) return whole ?? torch.zerosLike(this.#flat);
    const joined = torch.cat(parts.map((part, i) => (part ?? torch.zerosLike(this.#parameters[i])).reshape([-1])));
    return whole ? whole.add(joined) : joined;
  }
}

/** Puts parameters one after the other into one vector, and makes them views of it. */
function laidOut(parameters: readonly Parameter[]): Parameter {
  return torch.scope(() => {
    const flat = new Parameter(torch.noGrad(() => torch.cat(parameters.map((parameter) => parameter.reshape([-1])))));
    let at = 0;
    for (const parameter of parameters) {
      const count = parameter.numel();
      parameter.setData(flat.detach().narrow(0, at, count).view(parameter.shape));
      at += count;
    }
    return flat;
  });
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

  protected override fused(observations: Tensor): Tensor | null {
    return super.fused(observations, true);
  }
}
