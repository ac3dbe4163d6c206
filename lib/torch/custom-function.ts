import { noGrad } from './autograd';
import { handlesOf } from './backward';
import { addCallback, dropCallback } from './callbacks';
import { native } from './load-native';
import { Tensor } from './tensor';

/** What forward hands to backward. Further properties may be set freely. */
export class FunctionContext {
  [property: string]: unknown;
  #saved: readonly Tensor[] = [];

  /** Keeps inputs or outputs for backward; changing them in place in between is an error there. */
  saveForBackward(...tensors: Tensor[]): void {
    this.#saved = tensors;
  }

  get savedTensors(): readonly Tensor[] {
    return this.#saved;
  }
}

type Outputs = Tensor | readonly Tensor[];

export interface CustomFunction<Inputs extends unknown[], Out extends Outputs> {
  /** Leads error messages. */
  name?: string;
  /** Computes the outputs; no graph is recorded inside. */
  forward(context: FunctionContext, ...inputs: Inputs): Out;
  /** From the gradients of the outputs, one gradient (or null) for every input of forward. */
  backward(context: FunctionContext, ...gradOutputs: Tensor[]): Tensor | null | readonly (Tensor | null)[];
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function requireTensors(name: string, outputs: unknown): Tensor[] {
  const list = isList(outputs) ? outputs : [outputs];
  for (const output of list) {
    if (!(output instanceof Tensor)) throw new TypeError(`${name}: forward must return tensors, got ${typeof output}`);
  }
  if (list.length === 0) throw new TypeError(`${name}: forward returned no tensor`);
  return list as Tensor[];
}

/** The gradients of those inputs that are tensors, checked. */
function tensorGradients(name: string, returned: unknown, inputs: readonly unknown[]): (number | null)[] {
  const grads = isList(returned) ? returned : [returned];
  if (grads.length !== inputs.length) {
    throw new TypeError(
      `${name}: backward must return ${inputs.length} gradients, one for each input, got ${grads.length}`,
    );
  }
  const handles: (number | null)[] = [];
  inputs.forEach((input, i) => {
    const grad = grads[i];
    if (grad !== null && grad !== undefined && !(grad instanceof Tensor)) {
      throw new TypeError(`${name}: the gradient of input ${i} must be a tensor or null, got ${typeof grad}`);
    }
    if (input === 'tensor') handles.push(grad?.handle ?? null);
    else if (grad) throw new TypeError(`${name}: input ${i} is no tensor, so its gradient must be null`);
  });
  return handles;
}

/** The definition at work on one set of inputs: what libtorch calls, forward at once and backward later. */
function callbackFor<Inputs extends unknown[], Out extends Outputs>(
  definition: CustomFunction<Inputs, Out>,
  inputs: Inputs,
  returned: { single: boolean },
) {
  const name = definition.name ?? 'customFunction';
  const context = new FunctionContext();
  // Backward needs to know which inputs were tensors, and must not keep them alive.
  const kinds = inputs.map((input) => (input instanceof Tensor ? 'tensor' : 'other'));
  let current: Inputs | undefined = inputs;
  let outputCount = 0;
  const forward = (handles: (number | null)[]) => {
    // The caller's own objects go to forward: these are second handles on the same tensors.
    for (const handle of handles) native.dispose(handle as number);
    const outputs = noGrad(() => definition.forward(context, ...(current as Inputs)));
    const list = requireTensors(name, outputs);
    returned.single = !isList(outputs);
    outputCount = list.length;
    current = undefined;
    const saved = context.savedTensors.map((tensor) => tensor.handle);
    context.saveForBackward();
    return [...list.map((tensor) => tensor.handle), null, ...saved];
  };
  const backward = (handles: (number | null)[]) => {
    const tensors = handles.map((handle) => new Tensor(handle as number));
    context.saveForBackward(...tensors.slice(outputCount));
    try {
      return tensorGradients(name, definition.backward(context, ...tensors.slice(0, outputCount)), kinds);
    } finally {
      context.saveForBackward();
    }
  };
  return (handles: (number | null)[], isBackward: boolean) => (isBackward ? backward(handles) : forward(handles));
}

/**
 * A differentiable function whose forward and backward are TypeScript.
 *
 *     const square = torch.customFunction({
 *       forward(context, x: Tensor) { context.saveForBackward(x); return x.mul(x); },
 *       backward(context, grad) { return grad.mul(context.savedTensors[0]).mul(2); },
 *     });
 */
export function customFunction<Inputs extends unknown[], Out extends Outputs>(
  definition: CustomFunction<Inputs, Out>,
): (...inputs: Inputs) => Out {
  return (...inputs) => {
    const tensors = inputs.filter((input): input is Tensor & Inputs[number] => input instanceof Tensor);
    if (tensors.length === 0) throw new TypeError(`${definition.name ?? 'customFunction'}: no input is a tensor`);
    const returned = { single: true };
    const id = addCallback(callbackFor(definition, inputs, returned));
    let handles: number[];
    try {
      handles = native.applyFunction(id, handlesOf(tensors));
    } catch (error) {
      dropCallback(id);
      throw error;
    }
    const outputs = handles.map((handle) => new Tensor(handle));
    return (returned.single ? outputs[0] : outputs) as Out;
  };
}
