/** Those who act: agents that learn, and agents that follow a rule. */
import { Adam } from '../../optim';
import { torch, type Tensor } from '../../torch';
import type { AgentShape } from '../environment';
import type { Rule } from '../scenario';
import { Network, Policy } from './networks';

/** An agent whose actions a rule gives; it has nothing to learn, and no noise is added. */
export class ScriptedAgent {
  constructor(
    readonly shape: AgentShape,
    readonly rule: Rule,
  ) {}
}

/** An agent with a policy of its own and a critic that sees all agents. */
export class LearningAgent {
  readonly policy: Policy;
  readonly critic: Network;
  readonly targetPolicy: Policy;
  readonly targetCritic: Network;
  readonly policyOptimizer: Adam;
  readonly criticOptimizer: Adam;
  /** Neither its parameters nor its running statistics move, and it is met as it acts: in eval mode. */
  frozen = false;

  constructor(
    readonly shape: AgentShape,
    { jointSize, hiddenSize, lr }: { jointSize: number; hiddenSize: number; lr: number },
  ) {
    const { observationSize, actionSize } = shape;
    this.policy = new Policy(observationSize, actionSize, hiddenSize);
    this.critic = new Network(jointSize, 1, hiddenSize);
    this.targetPolicy = new Policy(observationSize, actionSize, hiddenSize);
    this.targetCritic = new Network(jointSize, 1, hiddenSize);
    this.targetPolicy.loadStateDict(this.policy.stateDict());
    this.targetCritic.loadStateDict(this.critic.stateDict());
    this.policyOptimizer = new Adam([this.policy.flat], { lr });
    this.criticOptimizer = new Adam([this.critic.flat], { lr });
  }

  /** By the names under which checkpoints hold them. */
  networks(): Record<'policy' | 'critic' | 'target_policy' | 'target_critic', Network> {
    const { policy, critic, targetPolicy, targetCritic } = this;
    return { policy, critic, target_policy: targetPolicy, target_critic: targetCritic };
  }

  /** Batch statistics, which move the running ones. */
  learnMode(): void {
    for (const network of Object.values(this.networks())) network.train(!this.frozen);
  }

  /** Running statistics. */
  actMode(): void {
    this.policy.eval();
  }

  /** Moves the targets' parameters (not their running statistics) a share `tau` of the way. */
  softUpdate(tau: number): void {
    const { policy, critic, targetPolicy, targetCritic } = this;
    torch.noGrad(() => torch._foreachLerp_([targetPolicy.flat, targetCritic.flat], [policy.flat, critic.flat], tau));
  }

  dispose(): void {
    this.policyOptimizer.dispose();
    this.criticOptimizer.dispose();
    for (const network of Object.values(this.networks())) {
      for (const tensor of [network.flat, ...network.stateDict().values()]) tensor.dispose();
    }
  }
}

export type Agent = LearningAgent | ScriptedAgent;

/**
 * What an agent does about each row, by its policy (or its target), or by its rule.
 * @param observations [rows, observationSize] to [rows, actionSize]
 */
export function actionsOf(agent: Agent, observations: Tensor, { target = false } = {}): Tensor {
  if (agent instanceof LearningAgent) {
    return (target && !agent.frozen ? agent.targetPolicy : agent.policy).call(observations);
  }
  const shape = [observations.size(0), agent.shape.actionSize];
  const actions = new Float32Array(shape[0] * shape[1]);
  agent.rule(observations.toTypedArray() as Float32Array, actions);
  return torch.tensor(actions, { shape });
}
