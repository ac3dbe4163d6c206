import { join } from 'node:path';
import { torch, type Tensor } from '../torch';
import { Embedding, type Parameter } from '../nn';
import { makeFolders } from '../files/folders';
import { InputError, quoted } from '../files/input-error';
import { saveSafetensors, type SafetensorsFile } from '../checkpoints/safetensors';
import { writeTextAside } from '../files/write-aside';
import { loraConfigJson, type LoraConfig } from './lora-config';
import type { LoraLayer, LoraShape, LoraWeight } from './lora-layer';
import { baseOf, type Targetable } from './target-modules';

/** What an adapter needs of the model that it is on. */
export interface AdapterHost {
  readonly adapters: ReadonlyMap<string, LoraAdapter>;
  disableAdapter<R>(work: () => R): R;
  deleteAdapter(name: string): void;
}

/** What PEFT's wrapper puts before the model's own names. */
const PREFIX = 'base_model.model.';
export const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';
/** What an adapter is saved as. */
export const ADAPTER_FILES: readonly string[] = [CONFIG, WEIGHTS];

/** One LoRA adapter on a model. Names are PEFT's: `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`. */
export class LoraAdapter {
  /** @internal made by `PeftModel` */
  constructor(
    /** The model that it is on, with the other adapters there. */
    readonly host: AdapterHost,
    readonly name: string,
    readonly config: LoraConfig,
    /** The wrapped layers by their names in the model. */
    readonly layers: ReadonlyMap<string, LoraLayer>,
  ) {}

  /** [name, parameter] as PEFT's model names them in memory: `...q_proj.lora_A.default.weight`. */
  namedParameters(): [string, Parameter][] {
    return this.#weights().map(({ at, named, weight }) => [`${PREFIX}${at}.${named}`, weight]);
  }

  parameters(): Parameter[] {
    return this.#weights().map(({ weight }) => weight);
  }

  #weights(): (LoraWeight & { at: string })[] {
    return [...this.layers].flatMap(([at, layer]) => layer.weightsOf(this.name).map((found) => ({ at, ...found })));
  }

  /** Runs `work` with no adapter on the model: the frozen base, for a capability term. */
  withoutAdapter<R>(work: () => R): R {
    return this.host.disableAdapter(work);
  }

  /** Takes the adapter off the model and frees its weights. */
  dispose(): void {
    if (this.host.adapters.get(this.name) === this) this.host.deleteAdapter(this.name);
  }

  /** The live weights under the names of PEFT's files. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.#weights().map(({ at, stored, weight }) => [`${PREFIX}${at}.${stored}`, weight]));
  }

  /**
   * Copies weights in, all or nothing.
   * @throws InputError that names a tensor that is missing, unexpected, of another shape or not finite
   */
  loadStateDict(state: Map<string, Tensor>): void {
    const own = this.stateDict();
    requireKnown(state.keys(), own);
    for (const [name, parameter] of own) {
      const value = state.get(name);
      if (!value) throw new InputError(`${WEIGHTS}: lacks ${quoted(name)}`);
      checkWeight(name, value, parameter);
    }
    torch.scope(() => torch.noGrad(() => own.forEach((parameter, name) => parameter.copy_(state.get(name) as Tensor))));
  }

  /**
   * Writes adapter_config.json and adapter_model.safetensors as PEFT does; Python reads them back.
   * @param options.baseModel what the config names as the model the adapter belongs to: a path, or a name on the hub
   * @param options.baseRevision the commit of that name
   */
  save(folder: string, options: { baseModel?: string | null; baseRevision?: string } = {}): void {
    makeFolders(folder);
    saveSafetensors(join(folder, WEIGHTS), this.stateDict(), { format: 'pt' });
    writeTextAside(join(folder, CONFIG), `${JSON.stringify(loraConfigJson(this.config, options), null, 2)}\n`);
  }
}

/** A layer that is to get an adapter. */
export interface LayerPlan {
  at: string;
  module: Targetable;
  shape: LoraShape;
}

/** Names and shapes of the tensors that an adapter is saved as. */
function storedShapes({ at, module, shape: { r } }: LayerPlan): [string, readonly number[]][] {
  const base = baseOf(module);
  return base instanceof Embedding
    ? [
        [`${PREFIX}${at}.lora_embedding_A`, [r, base.numEmbeddings]],
        [`${PREFIX}${at}.lora_embedding_B`, [base.embeddingDim, r]],
      ]
    : [
        [`${PREFIX}${at}.lora_A.weight`, [r, base.inFeatures]],
        [`${PREFIX}${at}.lora_B.weight`, [base.outFeatures, r]],
      ];
}

/**
 * Checks names and shapes of a file against those of the adapter, before anything is allocated for it. PEFT saves the
 * model's own head and embedding beside an adapter that reaches one of them (`save_embedding_layers`): copies are passed
 * over, others refused.
 * @param own the model's weights by their names
 * @throws InputError that names a tensor that is missing, unexpected, of another shape or another one than the model's
 */
export function checkStored(file: SafetensorsFile, plan: readonly LayerPlan[], own: ReadonlyMap<string, Tensor>): void {
  const wanted = new Map(plan.flatMap(storedShapes));
  const others = file.names.filter((name) => !wanted.has(name));
  const known = new Map(others.map((name) => [name, ownWeight(name, own)] as const).filter(([, weight]) => weight));
  requireKnown(others, known);
  for (const [name, weight] of known) if (weight) requireCopy(file, name, weight);
  for (const [name, shape] of wanted) {
    if (!file.has(name)) throw new InputError(`${WEIGHTS}: lacks ${quoted(name)}`);
    requireShape(`${WEIGHTS}: tensor ${quoted(name)}`, file.info(name).shape, shape);
  }
}

/** The model's own weight that such a name is one of, wrapped now or when the adapter was saved. */
function ownWeight(name: string, own: ReadonlyMap<string, Tensor>): Tensor | undefined {
  const inModel = /^base_model\.model\.(.*?)(?:\.base_layer)?\.weight$/.exec(name)?.[1];
  return own.get(`${inModel}.weight`) ?? own.get(`${inModel}.base_layer.weight`);
}

function requireCopy(file: SafetensorsFile, name: string, weight: Tensor): void {
  const where = `${WEIGHTS}: ${quoted(name)}`;
  const { shape } = file.info(name);
  requireShape(where, shape, weight.shape);
  const same = torch.scope(() => file.tensor(name).to(weight.device, weight.dtype).eq(weight).all().item<boolean>());
  if (!same) {
    throw new InputError(
      `${where} is another weight than the model's own; an adapter that replaces one is not supported`,
    );
  }
}

function requireKnown(names: Iterable<string>, own: ReadonlyMap<string, unknown>): void {
  for (const name of names) {
    if (!own.has(name)) throw new InputError(`${WEIGHTS}: holds ${quoted(name)}, which the adapter has no place for`);
  }
}

function requireShape(where: string, shape: readonly number[], wanted: readonly number[]): void {
  if (shape.join() === wanted.join()) return;
  throw new InputError(`${where} is [${shape.join(', ')}], but the model makes it [${wanted.join(', ')}]`);
}

function checkWeight(name: string, value: Tensor, parameter: Tensor): void {
  const where = `${WEIGHTS}: tensor ${quoted(name)}`;
  requireShape(where, value.shape, parameter.shape);
  if (!/^b?float\d+$/.test(value.dtype)) throw new InputError(`${where} is ${value.dtype}, but weights must be floats`);
  const finite = torch.scope(() => value.isfinite().all().item<boolean>());
  if (!finite) throw new InputError(`${where} holds NaN or infinity`);
}
