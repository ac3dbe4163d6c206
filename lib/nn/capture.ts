import { requireOptions, Tensor } from '../torch';
import { lift, open } from '../torch/scope';
import type { HookHandle } from './hooks';
import type { AnyModule } from './module';

export interface CaptureOptions {
  /** Cut the activations off the graph: for measuring, not for training. Default false. */
  detach?: boolean;
  /** What to read: the module's output (default) or its first argument. */
  at?: 'output' | 'input';
}

/** Activations by dotted module name, newest pass. */
export interface Capture extends Disposable {
  readonly activations: Map<string, Tensor>;
  /** Hands the activations over and forgets them: one call per forward pass keeps two passes apart. */
  take(): Map<string, Tensor>;
  /** Forgets the activations; the tensors themselves stay with their scope. */
  clear(): void;
  /** Takes the hooks off; what was captured stays readable. */
  remove(): void;
}

/**
 * Reads what modules compute while `model.call` runs. The activations are the very tensors of the forward pass: they
 * carry gradient, and `torch.grad` can be asked for the gradient with respect to them.
 *
 * Memory: an activation belongs to the scope in which the model was called, whatever scopes the model opens inside. To
 * use it beyond that scope, return it from the scope or `keep()` it.
 *
 * @param which dotted names, or a predicate over (name, module); a name that matches nothing is an error
 */
export function capture(
  model: AnyModule,
  which: readonly string[] | ((name: string, module: AnyModule) => boolean),
  options: CaptureOptions = {},
): Capture {
  requireOptions('capture', options, { detach: true, at: true });
  let activations = new Map<string, Tensor>();
  const chosen = choose(model, which);
  let level: number | null = null; // of the scope that the model was called in, while it runs
  const start = model.registerForwardPreHook(() => void (level = open.depth));
  const handles: HookHandle[] = chosen.map(([name, module]) => {
    const store = (value: unknown): void => {
      const output = tensorOf(name, value);
      const tensor = options.detach ? output.detach() : output;
      if (level !== null) lift(tensor, level);
      activations.set(name, tensor);
    };
    return options.at === 'input'
      ? module.registerForwardPreHook((_, args) => store(args[0]))
      : module.registerForwardHook((_, __, output) => store(output));
  });
  const end = model.registerForwardHook(() => void (level = null));
  handles.push(start, end);
  const clear = (): void => activations.clear();
  const take = (): Map<string, Tensor> => {
    const taken = activations;
    activations = new Map();
    return taken;
  };
  const remove = (): void => {
    for (const handle of handles.splice(0)) handle.remove();
  };
  return {
    get activations() {
      return activations;
    },
    take,
    clear,
    remove,
    [Symbol.dispose]: remove,
  };
}

function choose(
  model: AnyModule,
  which: readonly string[] | ((name: string, module: AnyModule) => boolean),
): [string, AnyModule][] {
  if (typeof which !== 'function') return which.map((name) => [name, model.getModule(name)]);
  const chosen = model.namedModules().filter(([name, module]) => which(name, module));
  if (chosen.length === 0) throw new RangeError(`capture: the predicate chose no module of ${model.kind}`);
  return chosen;
}

// Layers that also hand on a cache return [hidden, cache]: the activation comes first.
function tensorOf(name: string, value: unknown): Tensor {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (first instanceof Tensor) return first;
  throw new TypeError(`capture: '${name}' gave ${first === null ? 'null' : typeof first} where a tensor was expected`);
}
