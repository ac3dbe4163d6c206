/** A line of `steps.jsonl`. */
export interface LoggedStep {
  /** The optimiser's step that the batch goes into, from 1. */
  step: number;
  /** From 1, over the whole run. */
  microBatch: number;
  loss: number;
  /** The loss's parts by name, unweighted; empty when it has none. */
  parts: Record<string, number>;
  /** By parameter name as in PEFT's files: norms of the gradients gathered so far for this step. */
  gradNorms: Record<string, number>;
  lr: number;
  /** Tokens of both sides, pads not counted. */
  tokens: number;
  ms: number;
}
