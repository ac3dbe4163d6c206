import { cachedAttention, torch, type Tensor } from '../torch';
import { checkpoint, Embedding, Linear, Module, ModuleList, RMSNorm } from '../nn';
import { forLastQuery, type AttentionPlan, type Queries } from './attention-plan';
import type { DecoderConfig } from './decoder-config';
import { rotate } from './rotary';

/** Grouped-query attention; submodules are typed as plain modules because LoRA puts its own in their place. */
export class Attention extends Module<[hiddenStates: Tensor, plan: AttentionPlan]> {
  readonly qProj: Module;
  readonly kProj: Module;
  readonly vProj: Module;
  readonly oProj: Module;
  readonly #heads: number;
  readonly #kvHeads: number;
  readonly #headDim: number;

  constructor(
    config: DecoderConfig,
    private readonly layer: number,
  ) {
    super();
    const { hiddenSize, numAttentionHeads: heads, numKeyValueHeads: kvHeads, headDim } = config;
    [this.#heads, this.#kvHeads, this.#headDim] = [heads, kvHeads, headDim];
    this.qProj = new Linear(hiddenSize, heads * headDim, { bias: false });
    this.kProj = new Linear(hiddenSize, kvHeads * headDim, { bias: false });
    this.vProj = new Linear(hiddenSize, kvHeads * headDim, { bias: false });
    this.oProj = new Linear(heads * headDim, hiddenSize, { bias: false });
  }

  /**
   * @param hiddenStates [batch, seq, hidden], [1, rows, hidden] when `plan` shares pads
   * @returns the same shape; [batch, 1, hidden] when `plan` asks for no more
   */
  forward(hiddenStates: Tensor, plan: AttentionPlan): Tensor {
    const { sharedPads } = plan;
    const queries = plan.lastQuery ?? plan;
    const query = rotate(this.#split(this.qProj.call(askingOf(hiddenStates, plan)), plan), queries.rotation);
    let key = rotate(this.#split(this.kProj.call(hiddenStates), plan), plan.rotation);
    let value = this.#split(this.vProj.call(hiddenStates), plan);
    if (plan.cache) [key, value] = plan.cache.append(this.layer, key, value);
    const mixed = this.#attend(query, key, value, queries).transpose(1, 2).flatten(2);
    return this.oProj.call(sharedPads ? sharedPads.share(mixed) : mixed);
  }

  /** [batch, seq, heads * headDim], or [1, rows, ...] with shared pads, to [batch, heads, seq, headDim] */
  #split(x: Tensor, { sharedPads }: AttentionPlan): Tensor {
    const inPlace = sharedPads ? sharedPads.spread(x) : x;
    return inPlace.unflatten(-1, [-1, this.#headDim]).transpose(1, 2);
  }

  #attend(query: Tensor, key: Tensor, value: Tensor, { mask, causal }: Queries): Tensor {
    const [batch, , seq] = query.shape as [number, number, number, number];
    const groups = this.#heads / this.#kvHeads;
    const fused = seq === 1 ? cachedAttention(query, key, value, mask) : null;
    if (fused) return fused;
    if (seq === 1 && groups > 1) {
      // One query per head: the heads that share keys become that many queries, and no key is copied.
      const grouped = query.reshape([batch, this.#kvHeads, groups, this.#headDim]);
      const mixed = torch.scaledDotProductAttention(grouped, key, value, mask, 0, false);
      return mixed.reshape([batch, this.#heads, 1, this.#headDim]);
    }
    return torch.scaledDotProductAttention(query, key, value, mask, 0, causal, { enableGqa: groups > 1 });
  }
}

/** The positions whose output is wanted. */
function askingOf(hiddenStates: Tensor, plan: AttentionPlan): Tensor {
  return plan.lastQuery ? hiddenStates.narrow(1, hiddenStates.size(1) - 1, 1) : hiddenStates;
}

/** The gated feed-forward block: down(silu(gate(x)) * up(x)). */
export class GatedMLP extends Module {
  readonly gateProj: Module;
  readonly upProj: Module;
  readonly downProj: Module;

  constructor({ hiddenSize, intermediateSize }: DecoderConfig) {
    super();
    this.gateProj = new Linear(hiddenSize, intermediateSize, { bias: false });
    this.upProj = new Linear(hiddenSize, intermediateSize, { bias: false });
    this.downProj = new Linear(intermediateSize, hiddenSize, { bias: false });
  }

  forward(x: Tensor): Tensor {
    const gate = torch.silu(this.gateProj.call(x));
    const up = this.upProj.call(x);
    // In place where no graph needs the factors: these are the largest tensors of a layer.
    return this.downProj.call(torch.isGradEnabled() ? gate.mul(up) : gate.mul_(up));
  }
}

/** Attention and feed-forward, each behind a norm and added to what came in. */
export class DecoderLayer extends Module<[hiddenStates: Tensor, plan: AttentionPlan]> {
  readonly selfAttn: Attention;
  readonly mlp: GatedMLP;
  readonly inputLayernorm: RMSNorm;
  readonly postAttentionLayernorm: RMSNorm;

  constructor(config: DecoderConfig, layer: number) {
    super();
    this.selfAttn = new Attention(config, layer);
    this.mlp = new GatedMLP(config);
    this.inputLayernorm = new RMSNorm(config.hiddenSize, config.rmsNormEps);
    this.postAttentionLayernorm = new RMSNorm(config.hiddenSize, config.rmsNormEps);
  }

  /** @param hiddenStates as attention takes them, and so is the result */
  forward(hiddenStates: Tensor, plan: AttentionPlan): Tensor {
    const attended = askingOf(hiddenStates, plan).add(this.selfAttn.call(this.inputLayernorm.call(hiddenStates), plan));
    return attended.add(this.mlp.call(this.postAttentionLayernorm.call(attended)));
  }
}

/** The decoder without its output head. */
export class DecoderBody extends Module<[ids: Tensor, plan: AttentionPlan]> {
  readonly embedTokens: Embedding;
  readonly layers: ModuleList<DecoderLayer>;
  readonly norm: RMSNorm;
  /** Computes each layer again in the backward pass instead of keeping what it made: less memory, more time. */
  gradientCheckpointing = false;

  constructor(config: DecoderConfig) {
    super();
    this.embedTokens = new Embedding(config.vocabSize, config.hiddenSize);
    const layers = Array.from({ length: config.numHiddenLayers }, (_, i) => new DecoderLayer(config, i));
    this.layers = new ModuleList(layers);
    this.norm = new RMSNorm(config.hiddenSize, config.rmsNormEps);
  }

  /**
   * @param ids int64 [batch, seq]
   * @returns normalised hidden states [batch, seq, hidden]; [batch, 1, hidden] when the plan asks for no more; [1, rows,
   * hidden] when it shares pads
   */
  forward(ids: Tensor, plan: AttentionPlan): Tensor {
    let hiddenStates: Tensor = this.embedTokens.call(plan.sharedPads ? plan.sharedPads.share(ids) : ids);
    const layers = [...this.layers];
    for (const layer of layers) {
      const [entering, isLast] = [hiddenStates, layer === layers.at(-1)];
      const its = isLast && plan.lastTokenOnly && ids.size(1) > 1 ? forLastQuery(plan) : plan;
      // With a cache a layer frees what it made before the next one starts: a batch of prompts makes gigabytes.
      if (plan.cache) hiddenStates = torch.scope(() => layer.call(entering, its));
      else hiddenStates = this.gradientCheckpointing ? checkpoint(layer, entering, its) : layer.call(entering, its);
    }
    return this.norm.call(hiddenStates);
  }
}
