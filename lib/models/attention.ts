import { cachedAttention, inFloat32, promptAttention, torch, type Tensor } from '../torch';
import { Linear, Module, type RMSNorm } from '../nn';
import type { AttentionPlan, Queries } from './attention-plan';
import type { DecoderConfig } from './decoder-config';
import { makeNorm } from './decoder-norms';
import { rotate } from './rotary';

/** Grouped-query attention; submodules are typed as plain modules because LoRA puts its own in their place. */
export class Attention extends Module<[hiddenStates: Tensor, plan: AttentionPlan]> {
  readonly qkvProj: Module | null = null;
  readonly qProj: Module | null = null;
  readonly kProj: Module | null = null;
  readonly vProj: Module | null = null;
  readonly oProj: Module;
  readonly qNorm: RMSNorm | null = null;
  readonly kNorm: RMSNorm | null = null;
  readonly #config: DecoderConfig;
  /** Of queries, beside the 1 / sqrt(headDim) that the kernels put in; 1 in most families. */
  readonly #scale: number;

  constructor(
    config: DecoderConfig,
    private readonly layer: number,
  ) {
    super();
    const { hiddenSize, numAttentionHeads: heads, numKeyValueHeads: kvHeads, headDim, attentionScale } = config;
    this.#config = config;
    this.#scale = attentionScale === null ? 1 : attentionScale * Math.sqrt(headDim);
    const project = (outputs: number): Linear => new Linear(hiddenSize, outputs * headDim, { bias: config.qkvBias });
    if (config.fusedProjections) this.qkvProj = project(heads + 2 * kvHeads);
    else [this.qProj, this.kProj, this.vProj] = [project(heads), project(kvHeads), project(kvHeads)];
    this.oProj = new Linear(heads * headDim, hiddenSize, { bias: config.outputBias });
    if (config.qkNorm === null) return;
    const each = config.qkNorm === 'head';
    this.qNorm = makeNorm(config, each ? headDim : heads * headDim);
    this.kNorm = makeNorm(config, each ? headDim : kvHeads * headDim);
  }

  /**
   * @param hiddenStates [batch, seq, hidden], [1, rows, hidden] when `plan` shares pads
   * @returns the same shape; [batch, 1, hidden] when `plan` asks for no more
   */
  forward(hiddenStates: Tensor, plan: AttentionPlan): Tensor {
    const { layout } = plan;
    const seen = plan.layers[this.layer];
    const asking = plan.lastQuery ?? seen;
    const [q, k, v] = this.#project(hiddenStates, plan);
    const query = this.#placed(this.#split(q, this.qNorm, plan), asking);
    const unturned = this.#split(k, this.kNorm, plan);
    let key = seen.rotation ? rotate(unturned, seen.rotation) : unturned;
    let value = this.#split(v, null, plan);
    if (plan.cache) [key, value] = plan.cache.append(this.layer, key, value);
    const mixed = this.#attend(query, key, value, asking, plan.cache !== undefined)
      .transpose(1, 2)
      .flatten(2);
    return this.oProj.call(layout ? layout.share(mixed) : mixed);
  }

  /** Queries of the positions that ask, keys and values of all, [batch, seq, heads * headDim]. */
  #project(hiddenStates: Tensor, plan: AttentionPlan): [Tensor, Tensor, Tensor] {
    const { qkvProj, qProj, kProj, vProj } = this;
    if (qProj && kProj && vProj)
      return [qProj.call(askingOf(hiddenStates, plan)), kProj.call(hiddenStates), vProj.call(hiddenStates)];
    const { numAttentionHeads: heads, numKeyValueHeads: kvHeads, headDim } = this.#config;
    const sizes = [heads, kvHeads, kvHeads].map((count) => count * headDim);
    const [q, k, v] = (qkvProj as Module).call(hiddenStates).split(sizes, -1) as [Tensor, Tensor, Tensor];
    return [askingOf(q, plan), k, v];
  }

  /** [batch, seq, heads * headDim], or [1, rows, ...] with shared pads, to [batch, heads, seq, headDim] */
  #split(x: Tensor, norm: RMSNorm | null, { layout }: AttentionPlan): Tensor {
    const { qkNorm, headDim } = this.#config;
    const together = norm && qkNorm === 'all' ? norm.call(x) : x;
    const heads = (layout ? layout.spread(together) : together).unflatten(-1, [-1, headDim]);
    return (norm && qkNorm === 'head' ? norm.call(heads) : heads).transpose(1, 2);
  }

  /** Queries turned to their positions and scaled, [batch, heads, seq, headDim] */
  #placed(query: Tensor, { rotation, growth }: Queries): Tensor {
    const rotated = rotation ? rotate(query, rotation) : query;
    const grown = growth ? rotated.mul(growth) : rotated;
    return this.#scale === 1 ? grown : grown.mul(this.#scale);
  }

  /** @param cached without a cache libtorch's kernel is asked, as where there is a gradient */
  #attend(query: Tensor, key: Tensor, value: Tensor, { mask, causal }: Queries, cached: boolean): Tensor {
    const { attentionSoftcap: cap, numAttentionHeads: heads, numKeyValueHeads: kvHeads, headDim } = this.#config;
    if (cap !== null) return cappedAttention(query, key, value, { mask, causal, cap });
    const [batch, , seq] = query.shape as [number, number, number, number];
    const groups = heads / kvHeads;
    const fused = seq === 1 ? cachedAttention : cached && (mask || causal) ? promptAttention : null;
    const attended = fused?.(query, key, value, mask);
    if (attended) return attended;
    if (seq === 1 && groups > 1) {
      // One query per head: the heads that share keys become that many queries, and no key is copied.
      const grouped = query.reshape([batch, kvHeads, groups, headDim]);
      const mixed = torch.scaledDotProductAttention(grouped, key, value, mask, 0, false);
      return mixed.reshape([batch, heads, 1, headDim]);
    }
    const [keys, values] = mask && groups > 1 ? ofEachHead(key, value, groups) : [key, value];
    return torch.scaledDotProductAttention(query, keys, values, mask, 0, causal, {
      enableGqa: keys === key && groups > 1,
    });
  }
}

/**
 * Keys and values copied for each head that shares them, on accelerators: with a mask CUDA's fused kernel wants as many as
 * queries, and libtorch would copy them just so for its plain one.
 */
function ofEachHead(key: Tensor, value: Tensor, groups: number): [keys: Tensor, values: Tensor] {
  if (key.device.type === 'cpu') return [key, value];
  const copied = (x: Tensor): Tensor => x.repeatInterleave(groups, { dim: 1 });
  return [copied(key), copied(value)];
}

/** The positions whose output is wanted. */
export function askingOf(hiddenStates: Tensor, plan: AttentionPlan): Tensor {
  return plan.lastQuery ? hiddenStates.narrow(1, hiddenStates.size(1) - 1, 1) : hiddenStates;
}

/**
 * Attention whose scores are c tanh(score / c), softmax in float32 (Gemma 2). Queries that may look at nothing get
 * zeros, as from the other kernels.
 * @param query [batch, heads, seq, headDim], and so is the result
 * @param key [batch, kvHeads, total, headDim], and so is `value`
 */
function cappedAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { mask, causal, cap }: Pick<Queries, 'mask' | 'causal'> & { cap: number },
): Tensor {
  const [seq, headDim] = [query.size(2), query.size(3)];
  const grouped = query.unflatten(1, [key.size(1), -1]);
  const scores = grouped.matmul(key.unsqueeze(2).transpose(-1, -2)).div(Math.sqrt(headDim));
  const capped = inFloat32(scores.div(cap).tanh().mul(cap));
  const seen = causal ? torch.ones([1, 1, seq, seq], { dtype: 'bool', device: query.device }).tril() : mask;
  const hidden = seen?.unsqueeze(2).logicalNot();
  const weights = (hidden ? capped.maskedFill(hidden, -3e38) : capped).softmax(-1);
  const counted = hidden ? weights.maskedFill(hidden, 0) : weights;
  return counted.to(value.dtype).matmul(value.unsqueeze(2)).flatten(1, 2);
}
