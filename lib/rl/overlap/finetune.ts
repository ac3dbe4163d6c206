/** Fine-tuning of trained agents for overlap, and its control, each a run in a folder of its own. */
import { join } from 'node:path';
import { openTrained } from '../evaluation/trained';
import { AGENTS_FILE, loadAgents, type TrainingResult, type TrainingRunOptions } from '../maddpg';
import { train } from '../maddpg/train';
import { rulesOf } from '../scenario';
import { ADVERSARY, GOOD, physicalDeception } from '../scenarios/physical-deception';
import type { OverlapConfig } from './config';
import { OverlapStep } from './overlap-step';

/** Episodes of upstream's run. */
export const FINETUNING_EPISODES = 10_000;

export interface FinetuningOptions extends Pick<
  TrainingRunOptions,
  'folder' | 'config' | 'resume' | 'origin' | 'signal' | 'onGroup'
> {
  /** The folder of a training that is done: its policies, critics, targets and optimisers are gone on with. */
  from: string;
  /** A hash of its agents: a run goes on only from the same. */
  fromHash: string;
  /** Null for the control: the same run, and no step towards overlap. */
  overlap: OverlapConfig | null;
  /** Red stays as it is, its running statistics too (Q21). */
  freezeOpponent?: boolean;
}

/**
 * Goes on with trained agents under the reward that they were trained with: the replay buffer is empty, the noise begins
 * anew, and blue's policy takes a step towards overlap in every round. What the agents meet is drawn from the seed as it
 * is in the control, so that both differ in those steps alone.
 * @throws InputError when `from` holds no agents, or the folder another run; the signal's reason after an abort
 */
export async function finetune(options: FinetuningOptions): Promise<TrainingResult> {
  const { from, fromHash, overlap, freezeOpponent = false, ...run } = options;
  const { config } = run;
  const { agents, reward, opponent } = openTrained(from, physicalDeception);
  try {
    const environment = physicalDeception.make({ reward, worlds: config.worlds, seed: config.seed });
    const [red, blue] = [ADVERSARY, GOOD].map((index) => environment.agents[index].name);
    const reference = agents.learners.find(({ shape }) => shape.name === blue)!.policy;
    return await train({
      ...run,
      environment,
      rules: rulesOf(physicalDeception, opponent),
      inputs: { scenario: physicalDeception.name, reward, opponent, from: fromHash, overlap, freezeOpponent },
      auxiliary: overlap ? new OverlapStep(environment, { ...config, config: overlap, reference }) : undefined,
      prepare({ learners }) {
        loadAgents(join(from, AGENTS_FILE), learners);
        for (const agent of learners) {
          agent.policyOptimizer.lr = agent.criticOptimizer.lr = config.lr;
          agent.frozen = freezeOpponent && agent.shape.name === red;
        }
      },
    });
  } finally {
    agents.dispose();
  }
}
