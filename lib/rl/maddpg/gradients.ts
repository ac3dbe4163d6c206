/** The gradients of an update, one operator after another: what `fused-gradients.ts` has to agree with. */
import { torch, type GradientAndLoss, type Tensor } from '../../torch';
import { actionsOf, type Agent, type LearningAgent } from './agents';
import type { Minibatch } from './minibatch';

export interface UpdateOptions {
  gamma: number;
  actionPenalty: number;
  bootstrapThroughTimeLimit: boolean;
}

/** Mean and deviation that rewards are normalised by; with a deviation of 0 they are left as they are. */
export interface RewardMoments {
  mean: number;
  std: number;
}

/** An update of agent `index`, which learns. */
export interface Update {
  agents: readonly Agent[];
  index: number;
  batch: Minibatch;
  moments: RewardMoments;
  options: UpdateOptions;
}

/** Of the mean squared difference between what the critic says and {@link targetValues}. */
export function criticGradient(update: Update): GradientAndLoss {
  const { critic } = update.agents[update.index] as LearningAgent;
  const target = torch.noGrad(() => targetValues(update));
  const loss = torch.mseLoss(critic.call(update.batch.joint), target);
  return { gradient: critic.gradientOf(loss), loss: Number(loss.item()) };
}

/**
 * Of what the critic says about what all agents do now, turned round, and a penalty on the size of the agent's own actions.
 * @returns the loss without the penalty
 */
export function policyGradient({ agents, index, batch, options }: Update): GradientAndLoss {
  const { critic, policy } = agents[index] as LearningAgent;
  const seen = batch.observations;
  const actions = agents.map((agent, k) =>
    k === index ? actionsOf(agent, seen[k]) : torch.noGrad(() => actionsOf(agent, seen[k])),
  );
  const loss = critic
    .call(torch.cat([...seen, ...actions], 1))
    .mean()
    .neg();
  const penalty = actions[index].square().mean().mul(options.actionPenalty);
  return { gradient: policy.gradientOf(loss.add(penalty)), loss: Number(loss.item()) };
}

/** What the critic should have said, `[batch, 1]`: the normalised reward and the discounted value of what came next. */
export function targetValues({ agents, index, batch, moments, options }: Update): Tensor {
  const { mean, std } = moments;
  const next = batch.nextObservations;
  const nextActions = agents.map((agent, k) => actionsOf(agent, next[k], { target: true }));
  const value = (agents[index] as LearningAgent).targetCritic.call(torch.cat([...next, ...nextActions], 1));
  const paid = batch.rewards[index];
  const rewards = std > 0 ? paid.sub(mean).div(std) : paid;
  const after = options.bootstrapThroughTimeLimit ? value : value.mul(batch.last.neg().add(1));
  return rewards.add(after, { alpha: options.gamma });
}
