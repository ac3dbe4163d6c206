/** One agent's update from one batch: the critic first, then the policy (maddpg-pytorch). */
import { clipGradNorm, type Adam } from '../../optim';
import { torch, type Tensor } from '../../torch';
import { actionsOf, type Agent, type LearningAgent } from './agents';
import type { Minibatch } from './minibatch';
import type { Network } from './networks';

export interface UpdateOptions {
  gamma: number;
  maxGradNorm: number;
  actionPenalty: number;
  bootstrapThroughTimeLimit: boolean;
}

/** Mean and deviation that rewards are normalised by; with a deviation of 0 they are left as they are. */
export interface RewardMoments {
  mean: number;
  std: number;
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
  options: UpdateOptions,
): UpdateRecord {
  const { critic, criticOptimizer, policy, policyOptimizer } = agents[index] as LearningAgent;
  return torch.scope(() => {
    const target = torch.noGrad(() => targetValues(agents, index, batch, moments, options));
    const criticLoss = torch.mseLoss(critic.call(batch.joint), target);
    const criticGradNorm = descend(criticLoss, critic, criticOptimizer, options.maxGradNorm);

    const seen = batch.observations;
    const actions = agents.map((agent, k) =>
      k === index ? actionsOf(agent, seen[k]) : torch.noGrad(() => actionsOf(agent, seen[k])),
    );
    const policyLoss = critic
      .call(torch.cat([...seen, ...actions], 1))
      .mean()
      .neg();
    const penalty = actions[index].square().mean().mul(options.actionPenalty);
    const policyGradNorm = descend(policyLoss.add(penalty), policy, policyOptimizer, options.maxGradNorm);
    return {
      criticLoss: Number(criticLoss.item()),
      policyLoss: Number(policyLoss.item()),
      criticGradNorm,
      policyGradNorm,
    };
  });
}

/** What the critic should have said, `[batch, 1]`: the normalised reward and the discounted value of what came next. */
export function targetValues(
  agents: readonly Agent[],
  index: number,
  batch: Minibatch,
  { mean, std }: RewardMoments,
  { gamma, bootstrapThroughTimeLimit }: UpdateOptions,
): Tensor {
  const next = batch.nextObservations;
  const nextActions = agents.map((agent, k) => actionsOf(agent, next[k], { target: true }));
  const value = (agents[index] as LearningAgent).targetCritic.call(torch.cat([...next, ...nextActions], 1));
  const paid = batch.rewards[index];
  const rewards = std > 0 ? paid.sub(mean).div(std) : paid;
  return rewards.add(bootstrapThroughTimeLimit ? value : value.mul(batch.last.neg().add(1)), { alpha: gamma });
}

/** Only the gradient of this network's own parameters is computed. @returns its norm before clipping */
export function descend(loss: Tensor, network: Network, optimizer: Adam, maxGradNorm: number): number {
  network.flat.grad = network.gradientOf(loss);
  const norm = clipGradNorm([network.flat], maxGradNorm);
  optimizer.step();
  return norm;
}
