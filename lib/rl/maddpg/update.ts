/** One agent's update from one batch: the critic first, then the policy (maddpg-pytorch). */
import { torch } from '../../torch';
import type { Agent, LearningAgent } from './agents';
import { fusedCriticGradient, fusedPolicyGradient } from './fused-gradients';
import { criticGradient, policyGradient, type RewardMoments, type UpdateOptions } from './gradients';
import type { Minibatch } from './minibatch';

export interface StepOptions extends UpdateOptions {
  maxGradNorm: number;
}

export interface UpdateRecord {
  criticLoss: number;
  /** Without the penalty on the size of actions. */
  policyLoss: number;
  /** Joint norms before clipping. */
  criticGradNorm: number;
  policyGradNorm: number;
}

/**
 * Moves critic and policy of agent `index` by one step each. All networks compute with the batch's own statistics and
 * their running statistics move, but for agents that are frozen.
 */
export function updateAgent(
  agents: readonly Agent[],
  index: number,
  batch: Minibatch,
  moments: RewardMoments,
  options: StepOptions,
): UpdateRecord {
  const { criticOptimizer, policyOptimizer } = agents[index] as LearningAgent;
  const update = { agents, index, batch, moments, options };
  return torch.scope(() => {
    const ofCritic = fusedCriticGradient(update) ?? criticGradient(update);
    const criticGradNorm = criticOptimizer.clippedStep(ofCritic.gradient, options.maxGradNorm);
    const ofPolicy = fusedPolicyGradient(update) ?? policyGradient(update);
    const policyGradNorm = policyOptimizer.clippedStep(ofPolicy.gradient, options.maxGradNorm);
    return { criticLoss: ofCritic.loss, policyLoss: ofPolicy.loss, criticGradNorm, policyGradNorm };
  });
}
