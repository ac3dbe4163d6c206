export { LearningAgent, ScriptedAgent, type Agent } from './agents';
export { loadAgents, requireHiddenSize, saveAgents } from './checkpoint';
export {
  CLEAN,
  maddpgSchema,
  noiseSchema,
  PRESETS,
  quirksSchema,
  UPSTREAM,
  type MaddpgConfig,
  type NoiseConfig,
  type PresetName,
  type Quirks,
} from './config';
export { act, Maddpg, type AuxiliaryStep, type Round } from './maddpg';
export { Network, Policy, type Layers } from './networks';
export { ExplorationNoise } from './noise';
export { ReplayBuffer, type Transitions } from './replay-buffer';
export { AGENTS_FILE, type TrainingResult, type TrainingRunOptions } from './train';
export { Training, type GroupRecord, type TrainingPosition } from './training';
export { updateAgent, type StepOptions, type UpdateOptions, type UpdateRecord } from './update';
