/**
 * The gradients of an update in one native call each. In networks this small, calling one operator after another takes as
 * long as their matrix products (docs/rl.md, "What bounds an update").
 */
import {
  criticGradient,
  policyGradient,
  torch,
  type ActorCriticBatch,
  type GradientAndLoss,
  type PerceptronTensors,
  type Tensor,
} from '../../torch';
import { actionsOf, LearningAgent, type Agent } from './agents';
import type { Update } from './gradients';
import { LEAK, type Network } from './networks';

/** See {@link import('./gradients').criticGradient}. @returns null where it is for that one to compute */
export function fusedCriticGradient(update: Update): GradientAndLoss | null {
  const { agents, index, batch, moments, options } = update;
  const target = byBatch((agents[index] as LearningAgent).targetCritic);
  const acting =
    target && agents.map((agent, k) => policyOrActions(agent, () => batch.nextObservations[k], { target: true }));
  const passed = acting && batchOf(update, acting);
  if (!passed) return null;
  const { gamma, bootstrapThroughTimeLimit: throughLast } = options;
  return criticGradient(passed, { critic: target, mean: moments.mean, deviation: moments.std, gamma, throughLast });
}

/** See {@link import('./gradients').policyGradient}. @returns null where it is for that one to compute */
export function fusedPolicyGradient(update: Update): GradientAndLoss | null {
  const { agents, batch, options } = update;
  const acting = agents.map((agent, k) => policyOrActions(agent, () => batch.observations[k]));
  const passed = batchOf(update, acting);
  return passed && policyGradient(passed, options.actionPenalty);
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
