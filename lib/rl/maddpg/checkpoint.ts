/** Agents and trainings as safetensors files. */
import { z } from 'zod';
import { InputError } from '../../files/input-error';
import { parseJson } from '../../files/json-file';
import { openSafetensors, saveSafetensors, type SafetensorsFile } from '../../checkpoints/safetensors';
import { metaFromFile, type OptimizerState } from '../../optim';
import { torch, type Tensor } from '../../torch';
import type { LearningAgent } from './agents';
import type { Maddpg } from './maddpg';
import type { Training } from './training';

const OPTIMIZERS = { policy_optimizer: 'policyOptimizer', critic_optimizer: 'criticOptimizer' } as const;
const [BUFFER, NOISE, SAMPLING] = ['replay.rows', 'random.noise', 'random.sampling'];
/** The key under which safetensors' text metadata holds the rest as JSON. */
const STATE = 'state';

const optimizersSchema = z.record(z.string(), z.record(z.string(), z.unknown()));
const agentsSchema = z.looseObject({ optimizers: optimizersSchema });
const count = z.int().min(0);
const trainingSchema = z.object({
  position: z.object({ episodes: count, envSteps: count, rounds: count }),
  nextRow: count,
  optimizers: optimizersSchema,
});

interface Packed {
  tensors: Map<string, Tensor>;
  optimizers: Record<string, Record<string, OptimizerState['meta']>>;
}

/** Networks and optimisers by name: `good.policy.fc1.weight`, `good.policy_optimizer.0.exp_avg`. */
function packAgents(agents: readonly LearningAgent[]): Packed {
  const packed: Packed = { tensors: new Map(), optimizers: {} };
  for (const agent of agents) {
    const { name } = agent.shape;
    const put = (under: string, tensors: Map<string, Tensor>): void =>
      tensors.forEach((tensor, key) => packed.tensors.set(`${name}.${under}.${key}`, tensor));
    for (const [kind, network] of Object.entries(agent.networks())) put(kind, network.stateDict());
    const metas: Record<string, OptimizerState['meta']> = {};
    for (const [kind, property] of Object.entries(OPTIMIZERS)) {
      const { tensors, meta } = agent[property].stateDict();
      put(kind, tensors);
      metas[kind] = meta;
    }
    packed.optimizers[name] = metas;
  }
  return packed;
}

function unpackAgents(
  file: SafetensorsFile,
  optimizers: z.infer<typeof optimizersSchema>,
  agents: readonly LearningAgent[],
): void {
  torch.scope(() => {
    for (const agent of agents) {
      const { name } = agent.shape;
      for (const [kind, network] of Object.entries(agent.networks()))
        network.loadStateDict(file.under(`${name}.${kind}.`));
      for (const [kind, property] of Object.entries(OPTIMIZERS)) {
        const given = optimizers[name]?.[kind];
        if (!given) throw new InputError(`${file.path}: has no optimiser of agent ${name}`);
        const meta = metaFromFile(given, agent[property].groups, file.path);
        agent[property].loadStateDict({ tensors: file.under(`${name}.${kind}.`), meta });
      }
    }
  });
}

/** Writes networks and optimisers. */
export function saveAgents(path: string, maddpg: Maddpg): void {
  const { tensors, optimizers } = packAgents(maddpg.learners);
  saveSafetensors(path, tensors, { [STATE]: JSON.stringify({ optimizers }) });
}

/**
 * Checks, before any network is made, that a file holds agents of that size: a few bytes of settings must not fill the
 * memory.
 * @throws InputError that says what sizes there are
 */
export function requireHiddenSize(path: string, names: readonly string[], hiddenSize: number): void {
  const file = openSafetensors(path);
  try {
    for (const name of names) {
      const weight = `${name}.policy.fc2.weight`;
      const shape = file.has(weight) ? file.info(weight).shape : [];
      if (shape.join() === `${hiddenSize},${hiddenSize}`) continue;
      throw new InputError(
        `${path}: wanted ${weight} as [${hiddenSize}, ${hiddenSize}], which hiddenSize of run.json makes it, got [${shape.join(', ')}]`,
      );
    }
  } finally {
    file.dispose();
  }
}

/**
 * Takes over networks and optimisers of the agents of the same names.
 * @throws InputError when the file is damaged or lacks one of them
 */
export function loadAgents(path: string, agents: readonly LearningAgent[]): void {
  readState(path, agentsSchema, (file, { optimizers }) => unpackAgents(file, optimizers, agents));
}

/** Writes all that a training needs to go on to the same bits, the replay buffer included. */
export function saveTraining(path: string, training: Training): void {
  const { maddpg, buffer, noiseGenerator, samplingGenerator, position } = training;
  const { tensors, optimizers } = packAgents(maddpg.learners);
  torch.scope(() => {
    tensors.set(BUFFER, buffer.filled());
    tensors.set(NOISE, noiseGenerator.getState());
    tensors.set(SAMPLING, samplingGenerator.getState());
    saveSafetensors(path, tensors, { [STATE]: JSON.stringify({ position, nextRow: buffer.next, optimizers }) });
  });
}

/** Puts a training where `saveTraining` left it. @throws InputError when the file is damaged or of another training */
export function loadTraining(path: string, training: Training): void {
  readState(path, trainingSchema, (file, { position, nextRow, optimizers }) => {
    unpackAgents(file, optimizers, training.maddpg.learners);
    const { config } = training;
    if (position.episodes > config.episodes || position.envSteps > config.episodes * config.episodeLength)
      throw new InputError(`${path}: stands at episode ${position.episodes}, and the run has ${config.episodes}`);
    torch.scope(() => {
      training.buffer.restore(file.tensor(BUFFER), nextRow);
      training.noiseGenerator.setState(file.tensor(NOISE).clone());
      training.samplingGenerator.setState(file.tensor(SAMPLING).clone());
    });
    training.position = { ...position };
  });
}

function readState<State>(
  path: string,
  schema: z.ZodType<State>,
  take: (file: SafetensorsFile, state: State) => void,
): void {
  const file = openSafetensors(path);
  try {
    const state = schema.safeParse(parseJson(file.metadata.get(STATE) ?? 'null', path));
    if (!state.success) throw new InputError(`${path}: holds no agents that were trained here`);
    take(file, state.data);
  } catch (thrown) {
    // What does not fit the networks is told by the modules; here it is the file that is wrong.
    throw thrown instanceof InputError ? thrown : new InputError(`${path}: ${(thrown as Error).message}`);
  } finally {
    file.dispose();
  }
}
