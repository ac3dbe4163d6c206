/** Reinforcement learning: particle worlds, MADDPG, and overlap between what agents compute of themselves and others. */
export type { AgentShape, Environment } from './environment';
export { BehaviourRecord, type Behaviour, type Count, type DeceptiveMove } from './evaluation/behaviour';
export {
  CLASSIFICATION_SEEDS,
  CLASSIFIED_AFTER,
  classify,
  overlapAfter,
  type Classification,
  type OverlapMeans,
} from './evaluation/classification';
export {
  ARMS,
  BETWEEN,
  BETWEEN_THRESHOLDS,
  compare,
  difference,
  rates,
  sweep,
  TOWARD_THRESHOLDS,
  truncated,
  type Arm,
  type Between,
  type Comparison,
} from './evaluation/comparison';
export { measureOutcomes, type Actors, type EpisodePlan, type Outcomes } from './evaluation/episodes';
export {
  evaluate,
  EVALUATION_SEEDS,
  meet,
  playSeed,
  type Evaluation,
  type Meeting,
  type SeedEpisodes,
} from './evaluation/evaluation';
export { learningCurves, type LearningPoint } from './evaluation/learning-curve';
export type { Measure } from './evaluation/measure';
export {
  distances,
  logDistance,
  OVERLAP_FORMS,
  OVERLAPS,
  type EpisodeOverlap,
  type Overlap,
  type OverlapForm,
} from './evaluation/overlap';
export { IMAGINED_SIGHT, SelfOther } from './evaluation/self-other';
export { follower, openTrained, Pair, pairOf, scenarioOf, type TrainedRun } from './evaluation/trained';
export * as maddpg from './maddpg';
export { train } from './maddpg/train';
export * as overlap from './overlap';
export { finetune } from './overlap/finetune';
export { LEARNED, rulesOf, type EpisodeMeasure, type Rule, type Rules, type Scenario, type Start } from './scenario';
export { scenarioNamed, SCENARIOS } from './scenarios';
export {
  follow,
  PhysicalDeception,
  physicalDeception,
  REWARDS,
  SIGHT,
  type Reward,
} from './scenarios/physical-deception';
export { simpleAdversary, SimpleAdversary } from './scenarios/simple-adversary';
export { EpisodeRandom } from './world/episode-random';
export { ParticleWorlds, type Layout, type WorldOptions } from './world/particle-worlds';
export { ROOM, type Wall } from './world/walls';
export {
  play,
  readTrajectories,
  recordEpisode,
  replay,
  replayFile,
  trajectoryOf,
  type Outcome,
  type Trajectory,
  type TrajectoryFile,
} from './trajectory';
