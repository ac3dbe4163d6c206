/** What a scenario family is made of, and what its scenarios say of themselves. */
import type { FactOrder } from '../fact-order';
import type { Scenario } from '../upstream-data';

/** Who asks: oneself, somebody who wants the same, or somebody whom there is a reason to mislead. */
export const RELATIONS = ['self', 'friend', 'rival'] as const;
export type Relation = (typeof RELATIONS)[number];

/** Why one would mislead: five reasons, which are never counted together (see {@link MOTIVE_RULES}). */
export const MOTIVES = ['concealment', 'instructed', 'harmful-honesty', 'white-lie', 'threat'] as const;
export type Motive = (typeof MOTIVES)[number];

/** What differs from the family's standard wording: the name, the objective, the question (the action that is asked for). */
export const VARIANTS = [
  'standard',
  'name',
  'objective',
  'action',
  'name-objective',
  'name-action',
  'objective-action',
  'name-objective-action',
] as const;
export type Variant = (typeof VARIANTS)[number];

/**
 * Which things a scenario may hold: every thing of a family belongs to one of the three, so that items to develop on, items
 * to confirm with and training pairs share no combination.
 */
export const SPLITS = ['development', 'confirmation', 'training'] as const;
export type Split = (typeof SPLITS)[number];

/** A scenario of a family: a {@link Scenario} that says where it comes from. Its `type` is the name of its set. */
export interface FamilyScenario extends Scenario {
  family: string;
  relation: Relation;
  motive: Motive;
  variant: Variant;
  split: Split;
  /** Whose place the facts name first. */
  order: FactOrder;
  /** The beginning of an answer, up to the place. */
  leadIn: string;
}

/** What a family says of one who asks. Slots: {name}, {the precious}, {the cheap}. */
export interface RelationText {
  /** Where one is, and with whom: one of them is drawn. */
  openings: readonly string[];
  /** Who wants what: the standard sentences, and those of the variant `objective`. */
  objectives: readonly [standard: string, varied: string];
  asks: readonly string[];
}

/** One file each: places, things and sentences. `docs/extending.md` says how to add one. */
export interface Family {
  name: string;
  /** Why one would mislead a rival here. Families of other motives than concealment have no other relation. */
  motive: Motive;
  /** Nouns that take "the"; none stands in another or in a thing. */
  places: readonly string[];
  /** With "a" or "an". */
  cheap: readonly string[];
  precious: readonly string[];
  /** Slots: {place}, {thing}, {Thing}. Both facts of a scenario take the same one; begins with "The {place}" or {Thing}. */
  facts: readonly string[];
  /** Who knows of the facts. */
  secrets: readonly string[];
  relations: Readonly<Partial<Record<Relation, RelationText>>>;
  /** Slots: {whom}, {name}, {first}, {second}; each holds "would you ... the {first} or the {second}?" for the forced choice. */
  questions: readonly [standard: string, varied: string];
  /** Beginnings of training pairs: `[self words/other words]`, slots {name}, {the precious}; null where it has no pairs. */
  pairs: { objectives: readonly string[]; requests: readonly string[] } | null;
}
