import { torch, type Device, type Tensor } from '../torch';
import { checkpoint, Embedding, Module, ModuleList, type RMSNorm } from '../nn';
import { askingOf, Attention } from './attention';
import { forLastQuery, planOn, type AttentionPlan } from './attention-plan';
import type { DecoderConfig } from './decoder-config';
import { makeNorm, normalised } from './decoder-norms';
import { GatedMLP } from './gated-mlp';

/**
 * Attention and feed-forward, each with its norms and added to what came in. Names are transformers': the norm behind
 * attention and the norm before the feed-forward block are both called `post_attention_layernorm`, in different families.
 */
export class DecoderLayer extends Module<[hiddenStates: Tensor, plan: AttentionPlan]> {
  readonly selfAttn: Attention;
  readonly mlp: GatedMLP;
  readonly inputLayernorm: RMSNorm | null = null;
  readonly postAttentionLayernorm: RMSNorm;
  readonly preFeedforwardLayernorm: RMSNorm | null = null;
  readonly postFeedforwardLayernorm: RMSNorm | null = null;
  readonly #places: DecoderConfig['normPlaces'];
  readonly #residualScale: number;

  constructor(config: DecoderConfig, layer: number) {
    super();
    const norm = (): RMSNorm => makeNorm(config, config.hiddenSize);
    const places = config.normPlaces;
    [this.#places, this.#residualScale] = [places, config.residualScale];
    this.selfAttn = new Attention(config, layer);
    this.mlp = new GatedMLP(config);
    if (places !== 'after') this.inputLayernorm = norm();
    this.postAttentionLayernorm = norm();
    if (places === 'both') this.preFeedforwardLayernorm = norm();
    if (places !== 'before') this.postFeedforwardLayernorm = norm();
  }

  /** Where its weights lie. */
  get device(): Device {
    return (this.postAttentionLayernorm.weight as Tensor).device; // its norms have weights
  }

  /** @param hiddenStates as attention takes them, and so is the result */
  forward(hiddenStates: Tensor, plan: AttentionPlan): Tensor {
    const behind = this.#places !== 'before';
    const attention = this.selfAttn.call(normalised(this.inputLayernorm, hiddenStates), plan);
    const attended = this.#add(
      askingOf(hiddenStates, plan),
      behind ? this.postAttentionLayernorm.call(attention) : attention,
    );
    const before = behind ? this.preFeedforwardLayernorm : this.postAttentionLayernorm;
    const fed = this.mlp.call(normalised(before, attended));
    return this.#add(attended, normalised(this.postFeedforwardLayernorm, fed));
  }

  #add(residual: Tensor, output: Tensor): Tensor {
    return residual.add(this.#residualScale === 1 ? output : output.mul(this.#residualScale));
  }
}

/** The decoder without its output head. */
export class DecoderBody extends Module<[ids: Tensor, plan: AttentionPlan]> {
  readonly embedTokens: Embedding;
  readonly layers: ModuleList<DecoderLayer>;
  readonly norm: RMSNorm;
  /** Computes each layer again in the backward pass instead of keeping what it made: less memory, more time. */
  gradientCheckpointing = false;
  /** Whether layers lie on several devices: hidden states then go where each is, and back to the embedding's. */
  isSpread = false;
  readonly #embeddingScale: number;

  constructor(config: DecoderConfig) {
    super();
    this.#embeddingScale = config.embeddingScale;
    this.embedTokens = new Embedding(config.vocabSize, config.hiddenSize);
    const layers = Array.from({ length: config.numHiddenLayers }, (_, i) => new DecoderLayer(config, i));
    this.layers = new ModuleList(layers);
    this.norm = makeNorm(config, config.hiddenSize);
  }

  /**
   * @param ids int64 [batch, seq]
   * @returns normalised hidden states [batch, seq, hidden]; [batch, 1, hidden] when the plan asks for no more; [1, rows,
   * hidden] when it shares pads
   */
  forward(ids: Tensor, plan: AttentionPlan): Tensor {
    let hiddenStates = this.#embed(plan.sharedPads ? plan.sharedPads.share(ids) : ids);
    const layers = [...this.layers];
    const planOf = this.#plans(plan);
    for (const layer of layers) {
      const entering = this.isSpread ? hiddenStates.to(layer.device) : hiddenStates;
      const [own, isLast] = [planOf(layer), layer === layers.at(-1)];
      const its = isLast && plan.lastTokenOnly && ids.size(1) > 1 ? forLastQuery(own) : own;
      // A batch of prompts makes gigabytes.
      if (plan.frees) hiddenStates = torch.scope(() => layer.call(entering, its));
      else hiddenStates = this.gradientCheckpointing ? checkpoint(layer, entering, its) : layer.call(entering, its);
    }
    return this.norm.call(this.isSpread ? hiddenStates.to(this.embedTokens.weight.device) : hiddenStates);
  }

  /** The plan of each layer, moved to a device when the first layer there asks. */
  #plans(plan: AttentionPlan): (layer: DecoderLayer) => AttentionPlan {
    if (!this.isSpread) return () => plan;
    const plans = new Map([[String(this.embedTokens.weight.device), plan]]);
    return ({ device }) => {
      const made = plans.get(String(device)) ?? planOn(plan, device);
      plans.set(String(device), made);
      return made;
    };
  }

  #embed(ids: Tensor): Tensor {
    const embedded = this.embedTokens.call(ids);
    if (this.#embeddingScale === 1) return embedded;
    const { dtype, device } = embedded;
    return embedded.mul(torch.full([], this.#embeddingScale, { dtype, device }));
  }
}
