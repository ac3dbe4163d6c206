import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { torch, type Tensor } from '../torch';
import type { AnyModule, Parameter } from '../nn';
import { InputError, quoted } from '../checkpoints/input-error';
import { openSafetensors, saveSafetensors, type SafetensorsFile } from '../checkpoints/safetensors';
import { writeTextAside } from '../checkpoints/write-aside';
import { loraConfigJson, readLoraConfig, type LoraConfig } from './lora-config';
import { LoraLinear } from './lora-linear';
import { findTargets } from './target-modules';

/** What PEFT's wrapper puts before the model's own names. */
const PREFIX = 'base_model.model.';
const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';

/**
 * Puts a fresh LoRA adapter on a model: the base is frozen, the named Linears are wrapped, A is random and B zero. One
 * seed gives the same weights here as in PEFT's `get_peft_model`.
 * @throws InputError when the targets name nothing or something that is no Linear.
 */
export function addLora(model: AnyModule, config: LoraConfig): LoraAdapter {
  const { r, alpha, dropout = 0 } = config;
  if (!Number.isSafeInteger(r) || r < 1) throw new InputError(`LoRA: r must be a whole number of 1 or more, got ${r}`);
  const targets = findTargets(model, config.targetModules);
  model.requiresGrad_(false);
  const layers = new Map<string, LoraLinear>();
  for (const [name, linear] of targets) {
    const layer = new LoraLinear(linear, { r, scaling: alpha / r, dropout }).train(model.training);
    model.replaceModule(name, layer);
    layers.set(name, layer);
  }
  return new LoraAdapter(model, config, layers);
}

/**
 * Puts an adapter saved by PEFT (or by {@link LoraAdapter.save}) on a model.
 * @param options.dropout overrides the adapter's own, for training on
 * @throws InputError that names the file and the setting or tensor that does not fit; the model is then as before
 */
export function loadLora(model: AnyModule, folder: string, options: { dropout?: number } = {}): LoraAdapter {
  const config = { ...readLoraConfig(folder), ...options };
  const file = openSafetensors(join(folder, WEIGHTS));
  try {
    const adapter = addLora(model, config);
    try {
      torch.scope(() => adapter.loadStateDict(stateOf(file, [...adapter.stateDict().keys()])));
    } catch (thrown) {
      adapter.dispose();
      throw thrown;
    }
    return adapter;
  } finally {
    file.dispose();
  }
}

function stateOf(file: SafetensorsFile, names: string[]): Map<string, Tensor> {
  const state = new Map<string, Tensor>();
  for (const name of new Set([...names, ...file.names])) if (file.has(name)) state.set(name, file.tensor(name));
  return state;
}

/** A LoRA adapter on a model. Names are PEFT's: `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`. */
export class LoraAdapter {
  constructor(
    private readonly model: AnyModule,
    readonly config: LoraConfig,
    /** The wrapped layers by their names in the model. */
    readonly layers: ReadonlyMap<string, LoraLinear>,
  ) {}

  /** [name, parameter] as PEFT's model names them in memory: `...q_proj.lora_A.default.weight`. */
  namedParameters(): [string, Parameter][] {
    return [...this.layers].flatMap(([name, layer]): [string, Parameter][] => [
      [`${PREFIX}${name}.lora_A.default.weight`, layer.lora_A.piece.weight],
      [`${PREFIX}${name}.lora_B.default.weight`, layer.lora_B.piece.weight],
    ]);
  }

  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** Lets the adapter take part again. */
  enable(): void {
    for (const layer of this.layers.values()) layer.enabled = true;
  }

  /** The model computes as its base does, until {@link enable}. */
  disable(): void {
    for (const layer of this.layers.values()) layer.enabled = false;
  }

  /** Runs `work` with the adapter off: the frozen base, for a capability term. */
  withoutAdapter<R>(work: () => R): R {
    const before = [...this.layers.values()].map((layer) => layer.enabled);
    this.disable();
    try {
      return work();
    } finally {
      [...this.layers.values()].forEach((layer, i) => (layer.enabled = before[i] ?? true));
    }
  }

  /** Puts the base layers back; the adapter's weights stay usable through {@link stateDict}. */
  remove(): void {
    for (const [name, layer] of this.layers) {
      if (this.model.getModule(name) === layer) this.model.replaceModule(name, layer.baseLayer);
    }
  }

  /** Removes the adapter and frees its weights. */
  dispose(): void {
    this.remove();
    for (const parameter of this.parameters()) parameter.dispose();
  }

  /** The live weights under the names of PEFT's files. */
  stateDict(): Map<string, Tensor> {
    return new Map(
      this.namedParameters().map(([name, parameter]) => [name.replace('.default.weight', '.weight'), parameter]),
    );
  }

  /**
   * Copies weights in, all or nothing.
   * @throws InputError that names a tensor that is missing, unexpected, of another shape or not finite
   */
  loadStateDict(state: Map<string, Tensor>): void {
    const own = this.stateDict();
    for (const name of state.keys()) {
      if (!own.has(name)) throw new InputError(`${WEIGHTS}: holds ${quoted(name)}, which the adapter has no place for`);
    }
    for (const [name, parameter] of own) {
      const value = state.get(name);
      if (!value) throw new InputError(`${WEIGHTS}: lacks ${quoted(name)}`);
      checkWeight(name, value, parameter);
    }
    torch.scope(() => torch.noGrad(() => own.forEach((parameter, name) => parameter.copy_(state.get(name) as Tensor))));
  }

  /**
   * Writes adapter_config.json and adapter_model.safetensors as PEFT does; Python reads them back.
   * @param baseModel what the config names as the model the adapter belongs to
   */
  save(folder: string, { baseModel = null }: { baseModel?: string | null } = {}): void {
    mkdirSync(folder, { recursive: true });
    saveSafetensors(join(folder, WEIGHTS), this.stateDict(), { format: 'pt' });
    writeTextAside(join(folder, CONFIG), `${JSON.stringify(loraConfigJson(this.config, baseModel), null, 2)}\n`);
  }
}

function checkWeight(name: string, value: Tensor, parameter: Tensor): void {
  const where = `${WEIGHTS}: tensor ${quoted(name)}`;
  if (value.shape.join() !== parameter.shape.join()) {
    throw new InputError(
      `${where} is [${value.shape.join(', ')}], but the model makes it [${parameter.shape.join(', ')}]`,
    );
  }
  if (!/^b?float\d+$/.test(value.dtype)) throw new InputError(`${where} is ${value.dtype}, but weights must be floats`);
  const finite = torch.scope(() => value.isfinite().all().item<boolean>());
  if (!finite) throw new InputError(`${where} holds NaN or infinity`);
}
