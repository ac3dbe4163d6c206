import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Device, torch, type DeviceLike, type DType, type Tensor } from '../torch';
import { InputError, quoted, shown } from '../files/input-error';
import { readJsonFile } from '../files/json-file';
import { openWeights, type Weights } from '../checkpoints/sharded';
import type { MistralConfig } from './mistral-config';

export interface LoadOptions {
  /** Where the weights go; default 'cpu'. */
  device?: DeviceLike;
  /**
   * What the weights become. Default: float32 on the CPU, the checkpoint's own elsewhere. 'auto': the checkpoint's own.
   * On the CPU and in the checkpoint's dtype nothing is copied: weights stay in the mapped file.
   */
  dtype?: DType | 'auto';
  /** Whether to look for NaN and infinity, which reads every weight once; default true. */
  checkFinite?: boolean;
}

/** Names and shapes of all weights of an architecture, as transformers names them. */
export function weightShapes(config: MistralConfig): Map<string, number[]> {
  const { hiddenSize: hidden, intermediateSize: inner, vocabSize: vocab, headDim } = config;
  const [q, kv] = [config.numAttentionHeads * headDim, config.numKeyValueHeads * headDim];
  const shapes = new Map<string, number[]>([['model.embed_tokens.weight', [vocab, hidden]]]);
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const at = `model.layers.${layer}`;
    shapes.set(`${at}.self_attn.q_proj.weight`, [q, hidden]);
    shapes.set(`${at}.self_attn.k_proj.weight`, [kv, hidden]);
    shapes.set(`${at}.self_attn.v_proj.weight`, [kv, hidden]);
    shapes.set(`${at}.self_attn.o_proj.weight`, [hidden, q]);
    shapes.set(`${at}.mlp.gate_proj.weight`, [inner, hidden]);
    shapes.set(`${at}.mlp.up_proj.weight`, [inner, hidden]);
    shapes.set(`${at}.mlp.down_proj.weight`, [hidden, inner]);
    shapes.set(`${at}.input_layernorm.weight`, [hidden]);
    shapes.set(`${at}.post_attention_layernorm.weight`, [hidden]);
  }
  shapes.set('model.norm.weight', [hidden]);
  if (!config.tieWordEmbeddings) shapes.set('lm_head.weight', [vocab, hidden]);
  return shapes;
}

/**
 * Opens a folder's weights and checks names, shapes and types against the architecture before anything is allocated.
 * @throws InputError that names the file and the tensor.
 */
export function openMistralWeights(folder: string, config: MistralConfig): Weights {
  const weights = openWeights(folder);
  try {
    checkWeights(weights, weightShapes(config), config);
  } catch (thrown) {
    weights.dispose();
    throw thrown;
  }
  return weights;
}

function checkWeights(weights: Weights, shapes: Map<string, number[]>, config: MistralConfig): void {
  const present = new Set(weights.names);
  const missing = [...shapes.keys()].filter((name) => !present.has(name));
  if (missing.length > 0)
    throw new InputError(`model.safetensors: lacks ${listed(missing)}, which config.json asks for`);
  const unexpected = weights.names.filter((name) => !shapes.has(name) && !isSpare(name, config));
  if (unexpected.length > 0) {
    throw new InputError(`model.safetensors: holds ${listed(unexpected)}, which config.json has no place for`);
  }
  for (const [name, wanted] of shapes) {
    const { shape, dtype } = weights.info(name);
    const where = `${weights.fileOf(name)}: tensor ${quoted(name)}`;
    if (shape.join() !== wanted.join()) {
      throw new InputError(`${where} is [${shape.join(', ')}], but config.json makes it [${wanted.join(', ')}]`);
    }
    if (!/^(b?float\d+)$/.test(dtype)) {
      throw new InputError(`${where} is ${dtype}, but weights must be float32, float64, float16 or bfloat16`);
    }
  }
}

/** Tensors that some checkpoints hold and no architecture needs: old position tables, the twin of tied weights. */
function isSpare(name: string, config: MistralConfig): boolean {
  return name.endsWith('.rotary_emb.inv_freq') || (config.tieWordEmbeddings && name === 'lm_head.weight');
}

function listed(names: string[], most = 3): string {
  const some = names.slice(0, most).join(', ');
  return names.length > most ? `${some} and ${names.length - most} more` : some;
}

/**
 * Reads the checked weights as tensors by name, on the device and in the dtype asked for.
 * @throws InputError that names a tensor with NaN or infinity in it.
 */
export function readWeights(weights: Weights, config: MistralConfig, options: LoadOptions): Map<string, Tensor> {
  const { device = 'cpu', checkFinite = true } = options;
  const dtype = options.dtype ?? (new Device(device).type === 'cpu' ? 'float32' : 'auto');
  const state = new Map<string, Tensor>();
  for (const name of weightShapes(config).keys()) {
    const stored = weights.tensor(name);
    const wanted = dtype === 'auto' ? (config.dtype ?? stored.dtype) : dtype;
    const tensor = torch.scope(() => stored.to(device, wanted));
    if (tensor !== stored) stored.dispose();
    if (checkFinite) requireFinite(tensor, `${weights.fileOf(name)}: tensor ${quoted(name)}`);
    state.set(name, tensor);
  }
  const embedding = state.get('model.embed_tokens.weight');
  if (config.tieWordEmbeddings && embedding) state.set('lm_head.weight', embedding);
  return state;
}

/** A sum is finite only if every term is (or it overflows); the exact count is made when it is not. */
function requireFinite(tensor: Tensor, where: string): void {
  torch.scope(() => {
    const wide = tensor.dtype === 'float64' ? 'float64' : 'float32';
    if (Number.isFinite(torch.sum(tensor, { dtype: wide }).item())) return;
    const nan = Number(tensor.isnan().sum().item());
    const infinite = Number(tensor.isinf().sum().item());
    if (nan > 0) throw new InputError(`${where} holds ${nan} NaN`);
    if (infinite > 0) throw new InputError(`${where} holds ${infinite} infinite values`);
  });
}

/** End-of-sequence ids of generation_config.json, which transformers' `generate` prefers to config.json's. */
export function generationEos(folder: string): number[] | undefined {
  const path = join(folder, 'generation_config.json');
  if (!existsSync(path)) return undefined;
  const { eos_token_id: eos } = (readJsonFile(path) ?? {}) as { eos_token_id?: unknown };
  if (eos === undefined || eos === null) return undefined;
  const ids = [eos].flat();
  if (!ids.every((id): id is number => Number.isSafeInteger(id) && (id as number) >= 0)) {
    throw new InputError(
      `generation_config.json: eos_token_id must be a token id or a list of them, got ${shown(eos)}`,
    );
  }
  return ids;
}
