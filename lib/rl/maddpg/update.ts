/**
 * One agent's update from one batch: the critic first, then the policy (maddpg-pytorch). Each gradient has two ways, which
 * give the same numbers but for rounding: one native call, as in networks this small calling one operator after another
 * takes as long as their matrix products (docs/rl.md, "What bounds an update"), and where that cannot be, the operators.
 */
import {
  criticGradient as nativeCriticGradient,
  policyGradient as nativePolicyGradient,
  torch,
  type ActorCriticBatch,
  type GradientAndLoss,
  type PerceptronTensors,
  type Tensor,
} from '../../torch';
import { actionsOf, LearningAgent, type Agent } from './agents';
import { LEAK, type Network } from './networks';
import type { Minibatch } from './replay-buffer';

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

/** See {@link criticGradient}. @returns null where it is for that one to compute */
export function fusedCriticGradient(update: Update): GradientAndLoss | null {
  const { agents, index, batch, moments, options } = update;
  const target = byBatch((agents[index] as LearningAgent).targetCritic);
  const acting =
    target && agents.map((agent, k) => policyOrActions(agent, () => batch.nextObservations[k], { target: true }));
  const passed = acting && batchOf(update, acting);
  if (!passed) return null;
  const { gamma, bootstrapThroughTimeLimit: throughLast } = options;
  return nativeCriticGradient(passed, {
    critic: target,
    mean: moments.mean,
    deviation: moments.std,
    gamma,
    throughLast,
  });
}

/** See {@link policyGradient}. @returns null where it is for that one to compute */
export function fusedPolicyGradient(update: Update): GradientAndLoss | null {
  const { agents, batch, options } = update;
  const acting = agents.map((agent, k) => policyOrActions(agent, () => batch.observations[k]));
  const passed = batchOf(update, acting);
  return passed && nativePolicyGradient(passed, options.actionPenalty);
}

function batchOf(
  { agents, index, batch }: Update,
  acting: readonly (PerceptronTensors | Tensor | null)[],
): ActorCriticBatch | null {
  const { critic } = agents[index] as LearningAgent;
  const [network, { momentum, eps }] = [byBatch(critic), critic.inFn];
  if (!network || momentum === null || !acting.every((one) => one !== null)) return null;
  const sizes = agents.flatMap(({ shape }) => [shape.observationSize, shape.actionSize]);
  const transitions = batch.rows;
  return {
    transitions,
    sizes,
    index,
    agents: acting,
    critic: network,
    hidden: critic.hiddenSize,
    momentum,
    eps,
    leak: LEAK,
  };
}

/** What an agent that learns acts by, and what another one does. */
function policyOrActions(
  agent: Agent,
  observations: () => Tensor,
  { target = false } = {},
): PerceptronTensors | Tensor | null {
  if (agent instanceof LearningAgent && !agent.frozen) return byBatch(target ? agent.targetPolicy : agent.policy);
  return torch.noGrad(() => actionsOf(agent, observations(), { target }));
}

/** The network's tensors, when it normalises by the batch and nobody looks on. */
function byBatch(network: Network): PerceptronTensors | null {
  return network.training && !network.hasHooks ? network.inOnePiece() : null;
}
