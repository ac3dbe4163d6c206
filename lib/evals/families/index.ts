/** Scenario families in words of our own, drawn from a grammar with a seed. */
export { FAMILIES, familyCalled } from './catalogue';
export {
  MOTIVES,
  RELATIONS,
  SPLITS,
  VARIANTS,
  type Family,
  type FamilyScenario,
  type Motive,
  type Relation,
  type RelationText,
  type Split,
  type Variant,
} from './family';
export { generateFamily, setName, type FamilyOptions } from './generate';
export { pairsOfFamily, type PairOptions } from './pairs';
export {
  judgeMotives,
  MOTIVE_OUTCOMES,
  MOTIVE_RULES,
  motiveVerdicts,
  type MotiveAnswer,
  type MotiveChange,
  type MotiveMeasured,
  type MotiveOutcome,
  type MotiveRule,
  type MotiveVerdict,
  type MotiveVerdicts,
} from './motive-verdicts';
