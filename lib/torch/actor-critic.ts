import { native } from './load-native';
import type { PerceptronTensors } from './perceptron';
import { Tensor } from './tensor';

/** What agents met, and who they are. */
export interface ActorCriticBatch {
  /** `[batch, all observations, all actions, all next observations, all rewards, last]`, float32. */
  transitions: Tensor;
  /** What the first agent sees and does, what the second one sees and does, ... */
  sizes: readonly number[];
  /** Whose update it is. */
  index: number;
  /** Per agent: its policy, which normalises by the batch, or what it does, `[batch, actions]`. */
  agents: readonly (PerceptronTensors | Tensor)[];
  critic: PerceptronTensors;
  hidden: number;
  momentum: number;
  eps: number;
  /** Slope of the rectifiers below 0. */
  leak: number;
}

/** What the critic should say: the reward, less `mean` and over `deviation` where it is above 0, and what comes after. */
export interface ActorCriticTarget {
  critic: PerceptronTensors;
  mean: number;
  deviation: number;
  gamma: number;
  /** Whether something comes after an episode's last step. */
  throughLast: boolean;
}

export interface GradientAndLoss {
  /** Of all parameters of the network, in one vector. */
  gradient: Tensor;
  loss: number;
}

/**
 * The gradient of a critic's mean squared error in one call, on one thread: networks are those of {@link perceptron}, all
 * of them normalise by the batch, and their running statistics move. `agents` holds the targets of the policies.
 *
 * @returns null when something is not as said above, or the processor lacks AVX2; nothing was done then
 */
export function criticGradient(batch: ActorCriticBatch, target: ActorCriticTarget): GradientAndLoss | null {
  return taken(native.criticGradient(...passed(batch), handles(target.critic), target));
}

/** The same of a policy, which maximises the critic's mean value less `penalty` times its mean squared action. */
export function policyGradient(batch: ActorCriticBatch, penalty: number): GradientAndLoss | null {
  return taken(native.policyGradient(...passed(batch), penalty));
}

const passed = (batch: ActorCriticBatch) =>
  [batch.transitions.handle, handles(...batch.agents), handles(batch.critic), batch] as const;

/** Four of each: the parameters and their statistics, or what is given and nothing. */
function handles(...networks: readonly (PerceptronTensors | Tensor)[]): Float64Array {
  return Float64Array.from(
    networks.flatMap((of) =>
      of instanceof Tensor
        ? [of.handle, NaN, NaN, NaN]
        : [of.parameters.handle, of.runningMean.handle, of.runningVar.handle, of.numBatchesTracked.handle],
    ),
  );
}

function taken(result: readonly [gradient: number, loss: number] | null): GradientAndLoss | null {
  return result && { gradient: new Tensor(result[0]), loss: result[1] };
}
