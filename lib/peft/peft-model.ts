import { join } from 'node:path';
import { torch, type Tensor } from '../torch';
import { requireSynchronous } from '../torch/scope';
import { Embedding, Linear4bit, type AnyModule } from '../nn';
import { InputError, quoted, shown } from '../files/input-error';
import { TooSlow, withinSeconds } from '../files/time-limit';
import { openSafetensors, type SafetensorsFile } from '../checkpoints/safetensors';
import { refusePickles } from '../checkpoints/sharded';
import { checkStored, LoraAdapter, WEIGHTS, type LayerPlan } from './lora-adapter';
import { excluding, loraShapes, readLoraConfig, requirePatternsUsed, type LoraConfig } from './lora-config';
import { LoraEmbedding } from './lora-embedding';
import { LoraLayer, type AdapterPrecision } from './lora-layer';
import { LoraLinear } from './lora-linear';
import { findTargets, type Targetable } from './target-modules';

/** No adapter's patterns take a thousandth of it. */
const PATTERN_SECONDS = 5;

/** How a saved adapter is put on. */
export interface LoadAdapterOptions extends AdapterPrecision {
  dropout?: number;
}

const known = new WeakMap<AnyModule, PeftModel>();

/**
 * The adapters of one model, as Python's `PeftModel` keeps them: side by side by name, at most one active. The model
 * itself stays the thing that is called; its Linears are wrapped where an adapter reaches them, its own weights frozen.
 *
 *     const tuned = PeftModel.of(model);
 *     tuned.loadAdapter('honest', 'runs/honest'); // the first one is active at once
 *     tuned.loadAdapter('control', 'runs/control');
 *     tuned.setAdapter('control'); // or null: the base
 */
export class PeftModel {
  readonly #adapters = new Map<string, LoraAdapter>();
  #active: string | null = null;
  /** While {@link disableAdapter} runs. */
  #disabled = false;

  private constructor(readonly model: AnyModule) {}

  /** The adapters of that model, none at first. */
  static of(model: AnyModule): PeftModel {
    const peft = known.get(model) ?? new PeftModel(model);
    known.set(model, peft);
    return peft;
  }

  get adapters(): ReadonlyMap<string, LoraAdapter> {
    return this.#adapters;
  }

  /** The name of the adapter that computes and is trained; null when the base does. */
  get activeAdapter(): string | null {
    return this.#active;
  }

  /**
   * Puts a fresh LoRA adapter on the model: A is random and B zero. One seed gives the same weights here as in PEFT's
   * `get_peft_model`.
   * @throws InputError for a name that is taken, targets that name nothing or something that is no Linear, and
   * patterns that match no target
   */
  addAdapter(name: string, config: LoraConfig, precision: AdapterPrecision = {}): LoraAdapter {
    const plan = this.#plan(config);
    requirePatternsUsed(config, plan.map(({ at }) => at)); // prettier-ignore
    return this.#insert(name, config, plan, precision);
  }

  /**
   * Puts an adapter saved by PEFT (or by {@link LoraAdapter.save}) on the model.
   * @param options.dropout overrides the adapter's own, for training on
   * @param options.autocastAdapterDtype see {@link AdapterPrecision}; the file's numbers are converted
   * @throws InputError that names the file and the setting or tensor that does not fit; the model is then as before
   */
  loadAdapter(name: string, folder: string, options: LoadAdapterOptions = {}): LoraAdapter {
    const { autocastAdapterDtype, ...own } = options;
    const config = { ...readLoraConfig(folder), ...own };
    refusePickles(folder, WEIGHTS, 'adapter_model.bin');
    const file = openSafetensors(join(folder, WEIGHTS));
    try {
      const plan = this.#plan(config);
      checkStored(file, plan, this.model.stateDict());
      const adapter = this.#insert(name, config, plan, { autocastAdapterDtype });
      try {
        torch.scope(() => adapter.loadStateDict(stateOf(file, adapter.stateDict().keys())));
      } catch (thrown) {
        this.deleteAdapter(name);
        throw thrown;
      }
      return adapter;
    } finally {
      file.dispose();
    }
  }

  /** The layers that get the adapter, and its shapes. The patterns may be those of a file from others. */
  #plan(config: LoraConfig): LayerPlan[] {
    try {
      return withinSeconds(PATTERN_SECONDS, () => {
        const targets = findTargets(this.model, config);
        const shapes = loraShapes(config, names(targets));
        return targets.map(([at, module], i) => ({ at, module, shape: shapes[i] }));
      });
    } catch (thrown) {
      if (!(thrown instanceof TooSlow)) throw thrown;
      throw new InputError(`LoRA: matching the patterns beside target_modules ${shown(config.targetModules)} ${thrown.message}`); // prettier-ignore
    }
  }

  #insert(name: string, config: LoraConfig, plan: readonly LayerPlan[], precision: AdapterPrecision): LoraAdapter {
    if (!/^[^.]+$/.test(name)) throw new InputError(`LoRA: an adapter's name holds no dot, got ${quoted(name)}`);
    if (this.#adapters.has(name)) {
      throw new InputError(`LoRA: the model has an adapter ${quoted(name)} already; delete that one, or name this one`);
    }
    this.model.requiresGrad_(false);
    const layers = new Map<string, LoraLayer>();
    for (const { at, module, shape } of plan) {
      const layer = wrapped(module);
      if (layer !== module) this.model.replaceModule(at, layer);
      layer.add(name, shape, precision);
      layers.set(at, layer);
    }
    const adapter = new LoraAdapter(this, name, config, layers);
    this.#adapters.set(name, adapter);
    this.setAdapter(this.#active ?? name);
    return adapter;
  }

  /**
   * Makes that adapter the one that computes and is trained; with null the base computes, and nothing is trained. An
   * adapter that is merged is taken out first.
   */
  setAdapter(name: string | null): void {
    if (name !== null) this.#require(name);
    if (name !== this.#active) this.unmergeAdapter();
    this.#active = name;
    this.#tellLayers();
    for (const adapter of this.#adapters.values()) {
      for (const parameter of adapter.parameters()) parameter.requiresGrad = adapter.name === name;
    }
  }

  #tellLayers(): void {
    for (const layer of this.#layers().values()) layer.active = this.#disabled ? null : this.#active;
  }

  /** Runs `work` with the base alone, merged or not. */
  disableAdapter<R>(work: () => R): R {
    const [wasDisabled, merged] = [this.#disabled, this.isMerged];
    if (merged) this.unmergeAdapter();
    this.#disabled = true;
    this.#tellLayers();
    try {
      return requireSynchronous('disableAdapter', work());
    } finally {
      this.#disabled = wasDisabled;
      this.#tellLayers();
      if (merged) this.mergeAdapter();
    }
  }

  get isMerged(): boolean {
    return [...this.#layers().values()].some((layer) => layer.merged);
  }

  /**
   * Adds the active adapter to the base's weights, so that it costs nothing more; the weights as they were are kept
   * beside them. Numbers differ from the unmerged model's by rounding.
   * @throws InputError for a weight that another module shares, as merging would change that one too, and for one of
   * four bits, which would have to be quantised anew: that loses about as much as an adapter adds
   */
  mergeAdapter(): void {
    const layers = [...this.#layers()];
    for (const [at, layer] of layers) {
      requireNumbers(at, layer);
      this.#requireOwnWeight(at, layer);
    }
    for (const [, layer] of layers) layer.merge();
  }

  /** Puts the base's weights back, the same bits. */
  unmergeAdapter(): void {
    for (const layer of this.#layers().values()) layer.unmerge();
  }

  /** Merges the active adapter for good: the model is a plain one again, without any adapter. */
  mergeAndUnload(): void {
    this.mergeAdapter();
    for (const layer of this.#layers().values()) layer.forgetUnmerged();
    this.unload();
  }

  /** Takes all adapters off, frees them, and leaves the model as it was before the first one. */
  unload(): void {
    for (const name of [...this.#adapters.keys()]) this.deleteAdapter(name);
  }

  /** Takes an adapter off and frees its weights. When it was the active one, the base computes from then on. */
  deleteAdapter(name: string): void {
    const { layers } = this.#require(name);
    if (this.#active === name) this.setAdapter(null);
    for (const [at, layer] of layers) this.#takeOff(name, at, layer);
    this.#adapters.delete(name);
  }

  /**
   * Takes an adapter off some of its modules; its config excludes them from then on. What the others hold stays.
   * @returns the adapter on the rest, which takes the old one's place
   */
  dropModules(name: string, modules: readonly string[]): LoraAdapter {
    const { config, layers } = this.#require(name);
    for (const at of modules) {
      const layer = layers.get(at);
      if (!layer) throw new InputError(`LoRA: the adapter ${quoted(name)} is not on ${quoted(at)}`);
      this.#takeOff(name, at, layer);
    }
    const left = new Map([...layers].filter(([at]) => !modules.includes(at)));
    const adapter = new LoraAdapter(this, name, excluding(config, modules), left);
    this.#adapters.set(name, adapter);
    return adapter;
  }

  #takeOff(name: string, at: string, layer: LoraLayer): void {
    layer.delete(name);
    if (layer.scaling.size === 0) this.model.replaceModule(at, layer.baseLayer);
  }

  #require(name: string): LoraAdapter {
    const adapter = this.#adapters.get(name);
    if (adapter) return adapter;
    const present = [...this.#adapters.keys()].map(quoted).join(', ') || 'none';
    throw new InputError(`LoRA: the model has no adapter ${quoted(name)}; it has ${present}`);
  }

  #requireOwnWeight(at: string, { baseLayer }: LoraLayer): void {
    const own = `${at}.base_layer.weight`;
    const shared = [...this.model.stateDict()].find(([name, weight]) => weight === baseLayer.weight && name !== own);
    if (shared) throw new InputError(`LoRA: ${at} shares its weight with ${shared[0]}, so that it cannot be merged`);
  }

  /** Every wrapped layer by its name. */
  #layers(): Map<string, LoraLayer> {
    return new Map([...this.#adapters.values()].flatMap(({ layers }) => [...layers]));
  }
}

function requireNumbers(at: string, { baseLayer }: LoraLayer): void {
  if (!(baseLayer instanceof Linear4bit)) return;
  throw new InputError(`LoRA: ${at} is of four bits, so that nothing can be merged into it; load the model without quantising it, or keep the adapter beside it`); // prettier-ignore
}

const names = (targets: readonly (readonly [string, unknown])[]): string[] => targets.map(([at]) => at);

const wrapped = (module: Targetable): LoraLinear | LoraEmbedding => {
  if (module instanceof LoraLinear || module instanceof LoraEmbedding) return module;
  return module instanceof Embedding ? new LoraEmbedding(module) : new LoraLinear(module);
};

const stateOf = (file: SafetensorsFile, names: Iterable<string>): Map<string, Tensor> =>
  new Map([...names].map((name) => [name, file.tensor(name)]));
