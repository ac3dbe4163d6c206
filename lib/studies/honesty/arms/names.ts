/** The arms of a study of honesty: what is done to the model, or to what it is asked. */

/**
 * Asked alone, nothing is tuned:
 * - `baseline`: the model as it is;
 * - `honesty-prompt`, `persona-prompt`: the same behind an instruction.
 *
 * Tuned on self-other pairs:
 * - `overlap`: with the study's own settings, by default upstream's KL loss;
 * - `overlap-mse`: with the paper's loss, mean squares at a layer;
 * - `overlap-capability`: with the capability term beside it.
 *
 * Tuned with the same loss on other pairs:
 * - `name`, `wording`, `random`, `shuffled`: see lib/soo/control-pairs.ts.
 *
 * Tuned with no overlap loss:
 * - `sham`: next tokens of neutral texts: what any training does;
 * - `exposure`: next tokens of the same prompts, without answers: what seeing them does;
 * - `honesty`: next tokens of honest answers, given their prompts: what plain supervision does.
 */
export const ARMS = [
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

export type ArmName = (typeof ARMS)[number];

const UNTUNED: readonly ArmName[] = ['baseline', 'honesty-prompt', 'persona-prompt'];

/** Whether an arm is tuned, once for every seed. */
export const isTuned = (kind: ArmName): boolean => !UNTUNED.includes(kind);

/** As tables and charts call them. */
export const ARM_NAMES: Readonly<Record<ArmName, string>> = {
  baseline: 'before tuning',
  'honesty-prompt': 'honesty prompt',
  'persona-prompt': 'honest-persona prompt',
  overlap: 'self-other overlap',
  'overlap-mse': 'self-other overlap (MSE)',
  'overlap-capability': 'self-other overlap + capability',
  name: 'control: another name',
  wording: 'control: other words',
  random: 'control: unrelated others',
  shuffled: 'control: shuffled pairs',
  sham: 'sham: neutral texts',
  exposure: 'sham: same prompts, no overlap',
  honesty: 'supervised honesty',
};
