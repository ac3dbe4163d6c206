/** The organism before its first step: a small Mistral whose first heads already look where binding needs them to. */
import { Mistral, type MistralShape } from '../../models';
import { init } from '../../nn';
import { torch, type Tensor } from '../../torch';
import { BOS_ID, EOS_ID, PAD_ID, WORDS } from './vocabulary';

/** 173,000 parameters: width 64, three layers of four heads, tied embeddings. */
export const ORGANISM_SHAPE: MistralShape = {
  vocabSize: WORDS.length,
  hiddenSize: 64,
  intermediateSize: 192,
  numHiddenLayers: 3,
  numAttentionHeads: 4,
  maxPositionEmbeddings: 256,
  initializerRange: 0.08,
  rmsNormEps: 1e-5,
  // As in Mistral-7B v0.2; most of a head's pairs then hardly turn over a document, and can compare words.
  ropeTheta: 1e6,
  tieWordEmbeddings: true,
  bosTokenId: BOS_ID,
  eosTokenIds: [EOS_ID],
  padTokenId: PAD_ID,
};

const HIDDEN = 64;
const HEAD = 16;
const PAIRS = HEAD / 2;
/** How many tokens back each head of layer 0 looks. */
const OFFSETS = [1, 3, 4, 2];
/** What every embedding holds in dimension 0, so that a query can be the same for every word. */
const SHARED = 0.32;
/** Length of the position queries and keys per rotary pair: near 1 word in 2 is then the one at the offset. */
const POSITION_GAIN = 3;
/** The fastest rotary pairs, which no content match may use: they turn several times over a document. */
const FAST_PAIRS = 2;
const MATCH_GAIN = 2;
const MOVE_GAIN = 0.3;
const COPY_GAIN = 1.5;

/** A random orthogonal [64, 64] matrix, scaled. */
const orthogonal = (gain: number): Tensor => init.orthogonal_(torch.empty([HIDDEN, HIDDEN]), gain);

/** Keeps of each head the dimensions whose rotary pair is slow. @param rows [64, 64], one head after the other */
function slowPairs(rows: Tensor): Tensor {
  const keep = Array.from({ length: HIDDEN }, (_, i) => [i % PAIRS >= FAST_PAIRS ? 1 : 0]);
  return rows.mul(torch.tensor(keep));
}

/** The first column of layer 0's queries and keys: constant vectors, the query turned back by the head's offset. */
function positionColumns(): { query: number[]; key: number[] } {
  const query: number[] = [];
  const key: number[] = [];
  for (const offset of OFFSETS) {
    const angles = Array.from({ length: PAIRS }, (_, pair) => offset * 1e6 ** (-pair / PAIRS));
    query.push(...angles.map((a) => POSITION_GAIN * Math.cos(a)), ...angles.map((a) => -POSITION_GAIN * Math.sin(a)));
    key.push(...angles.map(() => POSITION_GAIN), ...angles.map(() => 0));
  }
  return { query, key };
}

/**
 * An untrained organism.
 *
 * Layer 0's heads look 1, 3, 4 and 2 tokens back and move what they find, through `move`, to directions of their own.
 * Layer 1 compares the word it stands on with what layer 0 moved, and copies the word of the place that matches: an
 * induction circuit (Olsson et al. 2022). Layer 2 compares words with words. Everything else is small and random, and
 * all of it is trained.
 */
export function newOrganism(seed: number): Mistral {
  torch.manualSeed(seed);
  const model = new Mistral(ORGANISM_SHAPE);
  const state = model.stateDict();
  const weight = (layer: number, name: string): Tensor => {
    const tensor = state.get(`model.layers.${layer}.${name}.weight`);
    if (!tensor) throw new Error(`newOrganism: the model has no model.layers.${layer}.${name}.weight`);
    return tensor;
  };
  torch.scope(() =>
    torch.noGrad(() => {
      const { query, key } = positionColumns();
      model.model.embedTokens.weight.select(1, 0).fill_(SHARED);
      weight(0, 'self_attn.q_proj').select(1, 0).copy_(torch.tensor(query));
      weight(0, 'self_attn.k_proj').select(1, 0).copy_(torch.tensor(key));

      const [read, move] = [orthogonal(1), orthogonal(1)];
      read.select(1, 0).zero_();
      weight(0, 'self_attn.v_proj').copy_(read.mul(MOVE_GAIN));
      weight(0, 'self_attn.o_proj').copy_(move.mul(MOVE_GAIN));
      weight(1, 'self_attn.q_proj').copy_(slowPairs(read).mul(MATCH_GAIN));
      weight(1, 'self_attn.k_proj').copy_(slowPairs(move.t()).mul(MATCH_GAIN));
      const same = slowPairs(orthogonal(MATCH_GAIN));
      weight(2, 'self_attn.q_proj').copy_(same);
      weight(2, 'self_attn.k_proj').copy_(same);

      for (const [layer, gain] of [
        [1, COPY_GAIN],
        [2, 0.1 * COPY_GAIN],
      ] as const) {
        const copy = orthogonal(COPY_GAIN);
        weight(layer, 'self_attn.v_proj').copy_(copy);
        weight(layer, 'self_attn.o_proj').copy_(copy.t().mul(gain / COPY_GAIN));
      }
      for (const layer of [0, 1, 2]) weight(layer, 'mlp.down_proj').mul_(0.1);
    }),
  );
  return model;
}
