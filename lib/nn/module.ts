import { isDType, requireOptions, torch, Tensor, type DeviceLike, type DType } from '../torch';
import { HookList, type HookHandle } from './hooks';
import { Parameter } from './parameter';
import { propertySlots, stateName, type Slot } from './slots';
import { checkState, type LoadOptions, type LoadReport } from './state';

/** Any module, whatever it takes and returns. */
export type AnyModule = Module<unknown[], unknown>;

/** Sees a module's output; what it returns (unless undefined) takes the output's place. */
export type ForwardHook<Args extends unknown[], Out> = (module: AnyModule, args: Args, output: Out) => Out | void;
/** Sees a module's arguments; an array it returns takes their place. */
export type ForwardPreHook<Args extends unknown[]> = (module: AnyModule, args: Args) => Args | void;

interface BufferKind {
  /** Whether it is saved. */
  persistent: boolean;
  /** Whether it keeps its dtype when the module gets another. */
  anyDtype: boolean;
}

/**
 * A piece of a network: parameters, buffers, children and a forward pass.
 *
 * Subclasses assign `Parameter`s and `Module`s (or arrays of them) to their own properties and write `forward`; callers
 * use `call`, which runs the hooks. Dotted names are PyTorch's: property `qProj` of property `selfAttn` is
 * `self_attn.q_proj`.
 */
export abstract class Module<Args extends unknown[] = [Tensor], Out = Tensor> {
  /** True in training mode; set it through `train()` and `eval()`, which reach the children too. */
  training = true;
  readonly #buffers = new Map<string, BufferKind>();
  // Typed loosely: hooks of exact types would keep a Linear from being an AnyModule.
  readonly #hooks = new HookList<(module: AnyModule, args: never, output: never) => unknown>();
  readonly #preHooks = new HookList<(module: AnyModule, args: never) => unknown>();

  /** The computation; never called directly by users of the module, so that hooks are not passed by. */
  abstract forward(...args: Args): Out;

  /** Runs the pre-hooks, `forward`, and the hooks. */
  call(...args: Args): Out {
    if (!this.hasHooks) return this.forward(...args);
    return this.#callWithHooks(args);
  }

  #callWithHooks(args: Args): Out {
    for (const hook of this.#preHooks.list()) {
      const replaced = hook(this, args as never);
      if (replaced === undefined) continue;
      if (!Array.isArray(replaced)) {
        throw new TypeError(`${this.kind}: a forward pre-hook must return an array of arguments or nothing`);
      }
      args = replaced as Args;
    }
    let output = this.forward(...args);
    for (const hook of this.#hooks.list()) {
      const replaced = hook(this, args as never, output as never);
      if (replaced !== undefined) output = replaced as Out;
    }
    return output;
  }

  /** Whether anything looks on: a shortcut past this module must then not be taken. */
  get hasHooks(): boolean {
    return this.#hooks.size > 0 || this.#preHooks.size > 0;
  }

  /** The class name, for messages. */
  get kind(): string {
    return this.constructor.name;
  }

  registerForwardHook(hook: ForwardHook<Args, Out>): HookHandle {
    return this.#hooks.add(hook);
  }

  registerForwardPreHook(hook: ForwardPreHook<Args>): HookHandle {
    return this.#preHooks.add(hook);
  }

  /**
   * Declares the property `name` to be a buffer: state that is saved (unless `persistent` is false) but not trained.
   * The tensor is kept out of scopes. Returns it, so that `this.mask = this.registerBuffer('mask', t)` reads well.
   *
   * @param options.anyDtype true for one that keeps its dtype whatever `to` makes of the module
   */
  registerBuffer<T extends Tensor | null>(name: string, tensor: T, options: Partial<BufferKind> = {}): T {
    requireOptions('registerBuffer', options, { persistent: true, anyDtype: true });
    tensor?.keep();
    this.#buffers.set(name, { persistent: options.persistent ?? true, anyDtype: options.anyDtype ?? false });
    Reflect.set(this, name, tensor);
    return tensor;
  }

  /** The places where parameters and children are looked for; containers override it. */
  protected slots(): Slot[] {
    return propertySlots(this);
  }

  /** Own children as [name, module], in assignment order. */
  children(): [string, AnyModule][] {
    return this.childSlots().map((slot) => [slot.name, slot.value]);
  }

  private childSlots(): (Slot & { value: AnyModule })[] {
    return this.slots().filter((slot): slot is Slot & { value: AnyModule } => slot.value instanceof Module);
  }

  /** This module ('') and every module below it as [dotted name, module]; a shared module appears once. */
  namedModules(): [string, AnyModule][] {
    const seen = new Set<AnyModule>();
    return this.walk('').filter(([, module]) => !seen.has(module) && seen.add(module));
  }

  private walk(prefix: string): [string, AnyModule][] {
    const below = this.children().flatMap(([name, child]) => child.walk(join(prefix, name)));
    return [[prefix, this], ...below];
  }

  /** [dotted name, parameter] of this module and those below; a tied parameter appears once, under its first name. */
  namedParameters(): [string, Parameter][] {
    const seen = new Set<Parameter>();
    return this.namedModules()
      .flatMap(([prefix, module]) => module.ownParameters(prefix))
      .filter(([, parameter]) => !seen.has(parameter) && seen.add(parameter));
  }

  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** [dotted name, buffer] of this module and those below, those not saved included. */
  namedBuffers(): [string, Tensor][] {
    return this.namedModules().flatMap(([prefix, module]) => module.ownBuffers(prefix));
  }

  private ownParameters(prefix: string): [string, Parameter][] {
    const own: [string, Parameter][] = [];
    for (const { name, value } of this.slots()) if (value instanceof Parameter) own.push([join(prefix, name), value]);
    return own;
  }

  private ownBuffers(prefix: string, wanted: (kind: BufferKind) => boolean = () => true): [string, Tensor][] {
    const own: [string, Tensor][] = [];
    for (const [property, kind] of this.#buffers) {
      const value: unknown = Reflect.get(this, property);
      if (value instanceof Tensor && wanted(kind)) own.push([join(prefix, stateName(property)), value]);
    }
    return own;
  }

  /**
   * Everything that is saved, by dotted name: parameters (tied ones under each name) and persistent buffers. The
   * tensors are the live ones, not copies: do not dispose of them.
   */
  stateDict(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const [prefix, module] of this.walk('')) {
      for (const [name, tensor] of module.ownParameters(prefix)) state.set(name, tensor);
      for (const [name, tensor] of module.ownBuffers(prefix, ({ persistent }) => persistent)) state.set(name, tensor);
    }
    return state;
  }

  /**
   * Loads tensors by dotted name, all or nothing: names and shapes are checked before the first value changes.
   *
   * @param options.strict false lets keys be missing or unexpected (they are returned); shapes must always fit
   * @param options.assign true takes over the given tensors' storage and dtype instead of copying into the present one
   * (memory-mapped weights stay mapped)
   */
  loadStateDict(state: Map<string, Tensor>, options: LoadOptions = {}): LoadReport {
    requireOptions('loadStateDict', options, { strict: true, assign: true });
    const own = this.stateDict();
    const report = checkState(this.kind, own, state, options.strict ?? true);
    torch.scope(() =>
      torch.noGrad(() => {
        for (const [name, tensor] of own) {
          const value = state.get(name);
          if (!value) continue;
          if (options.assign) tensor.setData(value.detach());
          else tensor.copy_(value);
        }
      }),
    );
    return report;
  }

  train(mode = true): this {
    for (const [, module] of this.walk('')) module.training = mode;
    return this;
  }

  eval(): this {
    return this.train(false);
  }

  /** Drops the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  /** Switches training of all parameters on or off (a frozen base under LoRA). */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = requiresGrad;
    return this;
  }

  /** Moves parameters, gradients and buffers in place; a dtype reaches only the floating-point ones. */
  to(target: DType | DeviceLike, dtype?: DType): this {
    const buffers = (anyDtype: boolean): Tensor[] =>
      this.namedModules()
        .flatMap(([prefix, module]) => module.ownBuffers(prefix, (kind) => kind.anyDtype === anyDtype))
        .map(([, buffer]) => buffer);
    torch.scope(() =>
      torch.noGrad(() => {
        for (const tensor of [...this.parameters(), ...buffers(false)]) moveTensor(tensor, target, dtype);
        if (!isDType(target)) for (const tensor of buffers(true)) moveTensor(tensor, target);
      }),
    );
    return this;
  }

  /** The module of that dotted name ('' is this one). Throws when there is none. */
  getModule(name: string): AnyModule {
    return name === '' ? this : this.findSlot(name).value;
  }

  /** Puts `module` where the module of that dotted name was and returns the old one (LoRA wraps a Linear this way). */
  replaceModule(name: string, module: AnyModule): AnyModule {
    const slot = this.findSlot(name);
    slot.replace(module);
    return slot.value;
  }

  private findSlot(name: string): Slot & { value: AnyModule } {
    const slots = this.childSlots();
    for (const slot of slots) {
      if (name === slot.name) return slot;
      if (name.startsWith(`${slot.name}.`)) return slot.value.findSlot(name.slice(slot.name.length + 1));
    }
    const known = slots.map((slot) => slot.name).join(', ') || 'no modules';
    throw new RangeError(`${this.kind} has no module '${name}'; it holds ${known}`);
  }
}

function join(prefix: string, name: string): string {
  return prefix ? `${prefix}.${name}` : name;
}

const FLOATING = /^(float|bfloat|complex)/;

function moveTensor(tensor: Tensor, target: DType | DeviceLike, dtype?: DType): void {
  const move = (t: Tensor): Tensor => {
    if (isDType(target)) return FLOATING.test(t.dtype) ? t.to(target) : t;
    return dtype && FLOATING.test(t.dtype) ? t.to(target, dtype) : t.to(target);
  };
  const grad = tensor.grad;
  // A gradient must have its tensor's dtype and device at every moment, so it is taken off during the move.
  tensor.grad = null;
  tensor.setData(move(tensor.detach()));
  if (grad) tensor.grad = move(grad);
}
