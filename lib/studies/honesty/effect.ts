/** The effect in parts that add up to the whole: what any training does, what the prompts do, what pairing does, and the rest. */
import type { ArmName } from './arms';
import { changeOf, compare } from './comparison';
import type { Outcome } from './outcomes';
import { EFFECT_PARTS, type Effect, type EffectPart } from './results';
import type { Study } from './study-file';

/** Which kind of arm a part leads up to; it begins where the part before it ended. */
const ENDS: Readonly<Record<EffectPart, ArmName>> = {
  training: 'sham',
  exposure: 'exposure',
  pairing: 'name',
  selfOther: 'overlap',
};

/** The arm that a study is about: plain overlap, or the first of its variants. */
export const mainArm = ({ arms }: Pick<Study, 'arms'>): string | null =>
  (arms.find(({ kind }) => kind === 'overlap') ?? arms.find(({ kind }) => kind.startsWith('overlap')))?.name ?? null;

/** The arm that is called as its kind, or the first of that kind. */
export const armOfKind = ({ arms }: Pick<Study, 'arms'>, kind: ArmName): string | null =>
  (arms.find(({ name }) => name === kind) ?? arms.find((arm) => arm.kind === kind))?.name ?? null;

/** A part whose arm was not measured is null, and the next one takes it in: the parts always add up to the total. */
export function effectOf(outcomes: readonly Outcome[], study: Pick<Study, 'arms'>): Effect {
  const baseline = armOfKind(study, 'baseline') as string;
  const main = mainArm(study);
  const part = (from: string, to: string | null): Effect['total'] => {
    if (to === null) return null;
    const [deceptive, honest] = (['deceptive', 'honest'] as const).map((measure) => changeOf(compare(outcomes, [from, to], { measure }))); // prettier-ignore
    return deceptive && honest ? { from, to, deceptive, honest } : null;
  };
  let from = baseline;
  const parts = EFFECT_PARTS.map((name): [EffectPart, Effect['total']] => {
    const made = part(from, ENDS[name] === 'overlap' ? main : armOfKind(study, ENDS[name]));
    if (made) from = made.to;
    return [name, made];
  });
  return { ...(Object.fromEntries(parts) as Record<EffectPart, Effect['total']>), total: part(baseline, main) };
}
