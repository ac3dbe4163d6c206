/** The organism before its first step: a small model whose first heads already look where binding needs them to. */
import { createModel, type DecoderShape, type LanguageModel } from '../models';
import { init } from '../nn';
import { torch, type Tensor } from '../torch';
import { BOS_ID, EOS_ID, PAD_ID, WORDS } from './vocabulary';

/** 227,000 parameters: width 64, four layers of four heads, tied embeddings. */
export const ORGANISM_SHAPE: DecoderShape = {
  modelType: 'mistral',
  vocabSize: WORDS.length,
  hiddenSize: 64,
  intermediateSize: 192,
  numHiddenLayers: 4,
  numAttentionHeads: 4,
  maxPositionEmbeddings: 256,
  initializerRange: 0.08,
  rmsNormEps: 1e-5,
  rope: { theta: 1e4 },
  tieWordEmbeddings: true,
  bosTokenId: BOS_ID,
  eosTokenIds: [EOS_ID],
  padTokenId: PAD_ID,
};

const HIDDEN = 64;
const HEAD = 16;
const PAIRS = HEAD / 2;
/** Words live in the first half of the hidden dimensions; layer 0's heads move words to the second half. */
const WORD_DIMENSIONS = HIDDEN / 2;
/** How many tokens back each head of layer 0 looks: in most sentences a thing and its room are 3 or 4 words apart. */
const OFFSETS = [3, 4, 1, 2];
/** The fastest rotary pairs of a head, which turn many times over a document: no match of words uses them. */
const FAST_PAIRS = 3;

/** Sizes of the initial weights, found by trying: what matters is that a match stands out from 50 other words. */
const GAINS = {
  word: 0.112,
  shared: 0.32,
  noise: 0.02,
  random: 0.08,
  position: 2,
  move: 0.15,
  match: 2.5,
  copy: 1.5,
  notSelf: 2,
};

/** A model's weights by their modules' names; refuses names that it does not have. */
const weightsOf = (model: LanguageModel) => {
  const state = model.stateDict();
  return (name: string): Tensor => {
    const tensor = state.get(`model.${name}.weight`);
    if (!tensor) throw new Error(`newOrganism: the model has no model.${name}.weight`);
    return tensor;
  };
};

/** Rows (of q, k, v) or columns (of o) of one head. */
const rows = (weight: Tensor, head: number): Tensor => weight.narrow(0, head * HEAD, HEAD);
const columns = (weight: Tensor, head: number): Tensor => weight.narrow(1, head * HEAD, HEAD);

/** Sixteen orthonormal readings of a word, [16, 64]; the dimension that all words share is left out. */
function drawReading(): Tensor {
  const reading = torch.zeros([HEAD, HIDDEN]);
  reading.narrow(1, 1, WORD_DIMENSIONS - 1).copy_(init.orthogonal_(torch.empty([HEAD, WORD_DIMENSIONS - 1])));
  return reading;
}

/** Where a head of layer 0 puts what it reads: 16 of the dimensions that hold no word, [16, 64]. */
function movedTo(head: number): Tensor {
  const place = torch.zeros([HEAD, HIDDEN]);
  place.narrow(1, WORD_DIMENSIONS + head * HEAD, HEAD).copy_(torch.eye(HEAD));
  return place;
}

/**
 * Queries or keys for a match. The dimensions of fast rotary pairs are small and random instead: zeros in both queries
 * and keys would have no gradient, and the layer could never learn to look by position.
 */
function matching(reading: Tensor): Tensor {
  const slow = torch.tensor(Array.from({ length: HEAD }, (_, i) => [i % PAIRS >= FAST_PAIRS]));
  return torch.where(slow, reading.mul(GAINS.match), torch.randn([HEAD, HIDDEN]).mul(GAINS.random));
}

/** Layer 0: the same query for every word, turned back by the head's offset, so that it meets the key found there. */
function lookBack(query: Tensor, key: Tensor): void {
  OFFSETS.forEach((offset, head) => {
    const angles = Array.from(
      { length: PAIRS },
      (_, pair) => offset * (ORGANISM_SHAPE.rope?.theta ?? 1) ** (-pair / PAIRS),
    );
    const turned = [...angles.map(Math.cos), ...angles.map((angle) => -Math.sin(angle))];
    rows(query, head)
      .select(1, 0)
      .copy_(torch.tensor(turned.map((x) => GAINS.position * x)));
    rows(key, head).narrow(0, 0, PAIRS).select(1, 0).fill_(GAINS.position);
    rows(key, head).narrow(0, PAIRS, PAIRS).select(1, 0).zero_();
  });
}

/**
 * An untrained organism whose first two layers start as a circuit for recall. Nothing is frozen.
 *
 * Layer 0 looks 3, 4, 1 and 2 words back; its first two heads move what they find to dimensions of their own.
 * In layer 1 two heads look for the place to which the present word was moved and copy the word that stands there
 * (thing first: "the ruby is in the attic"); two look for the same word elsewhere and copy what was moved to it (room
 * first: "the attic holds the ruby"). Everything else is random.
 */
export function newOrganism(seed: number): LanguageModel {
  return torch.forkRng(() => {
    torch.manualSeed(seed);
    const model = createModel(ORGANISM_SHAPE);
    torch.scope(() => torch.noGrad(() => arrange(model)));
    return model;
  });
}

function arrange(model: LanguageModel): void {
  const named = weightsOf(model);
  const weight = (layer: number, name: string): Tensor => named(`layers.${layer}.${name}`);
  const words = named('embed_tokens');
  init.normal_(words.narrow(1, 0, WORD_DIMENSIONS), 0, GAINS.word);
  init.normal_(words.narrow(1, WORD_DIMENSIONS, WORD_DIMENSIONS), 0, GAINS.noise);
  words.select(1, 0).fill_(GAINS.shared);
  for (const layer of [0, 1]) {
    for (const name of ['q', 'k', 'v', 'o']) init.normal_(weight(layer, `self_attn.${name}_proj`), 0, GAINS.noise);
  }
  for (const layer of [0, 1, 2, 3]) weight(layer, 'mlp.down_proj').mul_(0.1);
  lookBack(weight(0, 'self_attn.q_proj'), weight(0, 'self_attn.k_proj'));

  const [query, key] = [weight(1, 'self_attn.q_proj'), weight(1, 'self_attn.k_proj')];
  const [value, output] = [weight(1, 'self_attn.v_proj'), weight(1, 'self_attn.o_proj')];
  for (const head of [0, 1]) {
    const [moved, other, place] = [drawReading(), drawReading(), movedTo(head)];
    rows(weight(0, 'self_attn.v_proj'), head).copy_(moved);
    columns(weight(0, 'self_attn.o_proj'), head).copy_(place.t().mul(GAINS.move));
    // Thing first.
    rows(query, head).copy_(matching(moved));
    rows(key, head).copy_(matching(place));
    rows(value, head).copy_(other);
    columns(output, head).copy_(other.t().mul(GAINS.copy));
    // Room first. The fast pairs keep the head from looking at the place where it stands.
    rows(query, head + 2).copy_(matching(other));
    rows(key, head + 2).copy_(matching(other));
    rows(query, head + 2)
      .narrow(0, 0, 2)
      .select(1, 0)
      .fill_(GAINS.notSelf);
    rows(key, head + 2)
      .narrow(0, 0, 2)
      .select(1, 0)
      .fill_(-GAINS.notSelf);
    rows(value, head + 2).copy_(place);
    columns(output, head + 2).copy_(moved.t().mul(GAINS.copy));
  }
}
