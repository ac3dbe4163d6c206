/** Reinforcement learning: particle worlds, MADDPG, and overlap between what agents compute of themselves and others. */
export type { AgentShape, Environment } from './environment';
export { distances, logDistance, OVERLAPS, type Overlap } from './evaluation/overlap';
export { IMAGINED_SIGHT, SelfOther } from './evaluation/self-other';
export { measureOutcomes, type Actors, type Outcomes } from './evaluation/outcomes';
export { openTrained, type TrainedRun } from './evaluation/trained';
export { drawFrame, drawStill } from './film/drawing';
export { renderGif } from './film/gif';
export { sceneOf, type Moment, type Point, type Scene } from './film/scene';
export * as maddpg from './maddpg';
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
