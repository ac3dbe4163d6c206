import { autocastNow, withAutocast } from './autocast';
import { enableGrad, isGradEnabled } from './autograd';
import { backward } from './backward';
import { customFunction } from './custom-function';
import { Device } from './device';
import { getRngState, setRngState } from './generator';
import { scope } from './scope';
import { Tensor } from './tensor';

type Outputs = Tensor | readonly Tensor[];

/** A computation with parameters of its own, as an `nn.Module` is one. */
export interface Computation<Inputs extends unknown[], Out extends Outputs> {
  call(...inputs: Inputs): Out;
  parameters(): Tensor[];
}

/** Tensors that a custom function takes at most. */
const MOST_TENSORS = 32;

const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;
const requiresGrad = (tensor: Tensor): boolean => tensor.requiresGrad;

/**
 * Computes `fn(...inputs)` and keeps nothing of what it made on the way: the backward pass computes it again, with the
 * random numbers and the autocast of the first time, so that dropout drops the same (Chen et al. 2016, arXiv 1604.06174). Memory falls to
 * the inputs, time grows by one forward pass. Values and gradients are the same bits.
 *
 *     const y = torch.checkpoint((x: Tensor) => x.matmul(w).relu(), x);
 *     const z = torch.checkpoint(layer, y, mask); // an nn.Module
 *
 * - `fn` must compute the same both times: it may not count its calls or draw from a generator of its own.
 * - Inputs that are no tensors are handed to it again as they are; tensors inside them, and those that a function refers
 *   to, must live until the backward pass.
 * - Gradients reach the inputs and a module's parameters as always. To other tensors that a function refers to they are
 *   added right away, as in PyTorch's reentrant checkpoint: `backward` fills their `grad`, `torch.grad` does not see
 *   them, and where no input requires a gradient nothing is saved.
 * - Hooks on a module's parameters see their gradient twice.
 * - It has no second derivative: `createGraph` is refused.
 */
export function checkpoint<Inputs extends unknown[], Out extends Outputs>(
  fn: (...inputs: Inputs) => Out,
  ...inputs: Inputs
): Out;
export function checkpoint<Inputs extends unknown[], Out extends Outputs>(
  fn: Computation<Inputs, Out>,
  ...inputs: Inputs
): Out;
export function checkpoint<Inputs extends unknown[], Out extends Outputs>(
  fn: ((...inputs: Inputs) => Out) | Computation<Inputs, Out>,
  ...inputs: Inputs
): Out {
  const call = (...given: Inputs): Out => (typeof fn === 'function' ? fn(...given) : fn.call(...given));
  const tensors = inputs.filter(isTensor);
  const trained = typeof fn === 'function' ? [] : fn.parameters().filter(requiresGrad);
  if (!isGradEnabled() || ![...tensors, ...trained].some(requiresGrad)) return call(...inputs);
  // What is beyond the limit is treated as what a function refers to.
  const parameters = trained.slice(0, MOST_TENSORS - tensors.length);
  const devices = generatorsFor([...tensors, ...trained]);
  const withTensors = refill(inputs);
  const cast = autocastNow();
  return customFunction<Tensor[], Out>({
    name: 'checkpoint',
    forward(context, ...given) {
      const random = devices.map((device) => getRngState(device));
      context.saveForBackward(...given, ...random);
      // With a graph, which goes at once: without one some layers compute in another way, and round otherwise.
      return scope(() => {
        const outputs = enableGrad(() => call(...withTensors(given.map(leafOf))));
        return (isTensor(outputs) ? outputs.detach() : outputs.map((output) => output.detach())) as Out;
      });
    },
    backward({ savedTensors: saved }, ...gradOutputs) {
      if (isGradEnabled()) throw new Error('checkpoint: has no second derivative, which createGraph asks for');
      const given = saved.slice(0, tensors.length);
      const random = saved.slice(tensors.length + parameters.length);
      return scope(() => {
        const leaves = given.map(leafOf);
        const compute = (): Out => withAutocast(cast, () => enableGrad(() => call(...withTensors(leaves))));
        const again = withRandomState(devices, random, compute);
        return gradientsOf(isTensor(again) ? [again] : again, gradOutputs, leaves, parameters);
      });
    },
  })(...tensors, ...parameters);
}

/** The list with other tensors in the places of its own, which are not kept alive. */
function refill<Inputs extends unknown[]>(inputs: Inputs): (tensors: readonly Tensor[]) => Inputs {
  const others = inputs.map((input) => (isTensor(input) ? undefined : input));
  const places = inputs.flatMap((input, i) => (isTensor(input) ? [i] : []));
  return (tensors) => {
    const filled = [...others];
    places.forEach((place, i) => (filled[place] = tensors[i]));
    return filled as Inputs;
  };
}

function leafOf(tensor: Tensor): Tensor {
  const leaf = tensor.detach();
  leaf.requiresGrad = tensor.requiresGrad;
  return leaf;
}

/**
 * The gradients of `outputs` with respect to fresh leaves and to parameters. What the parameters have gathered before
 * stays out of it: the caller's pass adds what it is given, in its own order.
 */
function gradientsOf(
  outputs: readonly Tensor[],
  gradOutputs: readonly Tensor[],
  leaves: readonly Tensor[],
  parameters: readonly Tensor[],
): (Tensor | null)[] {
  const roots = outputs.flatMap((output, i) => (output.requiresGrad ? ([[output, gradOutputs[i]]] as const) : []));
  const gathered = parameters.map(({ grad }) => grad);
  try {
    for (const parameter of parameters) parameter.grad = null;
    backward(
      roots.map(([output]) => output),
      roots.map(([, gradient]) => gradient),
    );
    return [...leaves, ...parameters].map(({ grad }) => grad);
  } finally {
    parameters.forEach((parameter, i) => (parameter.grad = gathered[i]));
  }
}

/** The devices that a computation on those tensors draws on. */
function generatorsFor(tensors: readonly Tensor[]): Device[] {
  const names = new Set(['cpu', ...tensors.map(({ device }) => String(device))]);
  return [...names].map((name) => new Device(name));
}

/** Runs `work` with those states of the devices' generators, and puts back what they were. */
function withRandomState<R>(devices: readonly Device[], states: readonly Tensor[], work: () => R): R {
  const before = devices.map((device) => getRngState(device));
  devices.forEach((device, i) => setRngState(states[i], device));
  try {
    return work();
  } finally {
    devices.forEach((device, i) => setRngState(before[i], device));
  }
}
