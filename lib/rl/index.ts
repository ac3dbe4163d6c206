/** Reinforcement learning: particle worlds, MADDPG, and overlap between what agents compute of themselves and others. */
export type { AgentShape, Environment } from './environment';
export type { Behaviour, Count } from './evaluation/behaviour';
export {
  CLASSIFICATION_SEEDS,
  CLASSIFIED_AFTER,
  classify,
  overlapAfter,
  type Classification,
  type OverlapMeans,
} from './evaluation/classification';
export { ARMS, BETWEEN, compare, type Arm, type Between, type Comparison } from './evaluation/comparison';
export { meet, type Meeting } from './evaluation/cross-play';
export type { Actors, EpisodePlan } from './evaluation/episodes';
export { evaluate, EVALUATION_SEEDS, playSeed, type Evaluation, type SeedEpisodes } from './evaluation/evaluation';
export { learningCurves, type LearningPoint } from './evaluation/learning-curve';
export type { Measure } from './evaluation/measure';
export { measureOutcomes, type Outcomes } from './evaluation/outcomes';
export { distances, logDistance, OVERLAPS, type Overlap } from './evaluation/overlap';
export { OVERLAP_FORMS, type EpisodeOverlap, type OverlapForm } from './evaluation/overlap-watcher';
export { follower, Pair, pairOf } from './evaluation/pair';
export { IMAGINED_SIGHT, SelfOther } from './evaluation/self-other';
export { BETWEEN_THRESHOLDS, difference, rates, sweep, TOWARD_THRESHOLDS, truncated } from './evaluation/sweep';
export { openTrained, type TrainedRun } from './evaluation/trained';
export * as maddpg from './maddpg';
export * as overlap from './overlap';
export { BehaviourRecord, type DeceptiveMove } from './scenarios/behaviour-record';
export { follow } from './scenarios/follower';
export { PhysicalDeception, REWARDS, SIGHT, type Reward, type Start } from './scenarios/physical-deception';
export { SimpleAdversary } from './scenarios/simple-adversary';
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
