/** What a study compares: the untouched model, instructions, and what is tuned, each at the same dose. */

/**
 * - `baseline`: the model as it is.
 * - `honesty-prompt`, `persona-prompt`: no tuning; an instruction stands before the prompt, or in the system's turn.
 * - `overlap`: self-other overlap as the file's settings have it (upstream: KL); `overlap-mse`: at a layer's output;
 *   `overlap-capability`: with a term that holds the model on neutral texts.
 * - `name`, `wording`, `random`, `shuffled`: the same loss on pairs that are not of self and other.
 * - `sham`: next-token loss on neutral texts; `exposure`: next-token loss on the pairs' prompts, without answers.
 * - `honesty`: supervised on honest answers.
 */
export const ARM_KINDS = [
  'baseline',
  'honesty-prompt',
  'persona-prompt',
  'overlap',
  'overlap-mse',
  'overlap-capability',
  'name',
  'wording',
  'random',
  'shuffled',
  'sham',
  'exposure',
  'honesty',
] as const;
export type ArmKind = (typeof ARM_KINDS)[number];

const UNTUNED: readonly ArmKind[] = ['baseline', 'honesty-prompt', 'persona-prompt'];

/** Whether an arm is tuned, once for every seed. */
export const isTuned = (kind: ArmKind): boolean => !UNTUNED.includes(kind);

/** How tables and pages call an arm that has no name of its own. */
export const ARM_TITLES: Readonly<Record<ArmKind, string>> = {
  baseline: 'before tuning',
  'honesty-prompt': 'asked to be honest',
  'persona-prompt': 'told to be an honest person',
  overlap: 'self-other overlap',
  'overlap-mse': 'self-other overlap at a layer',
  'overlap-capability': 'overlap, capability held',
  name: 'control: another name',
  wording: 'control: other words',
  random: 'control: unrelated prompts',
  shuffled: 'control: pairs shuffled',
  sham: 'sham: neutral texts',
  exposure: 'sham: same prompts, no overlap',
  honesty: 'tuned on honest answers',
};
