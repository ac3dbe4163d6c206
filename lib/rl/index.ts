/** Reinforcement learning: particle worlds, MADDPG, and overlap between what agents compute of themselves and others. */
export type { AgentShape, Environment } from './environment';
