import { join } from 'node:path';
import { hashFile } from '../../training/origin';
import { finetune, train } from '../../rl';
import { AGENTS_FILE, type TrainingResult, type TrainingRunOptions } from '../../rl/maddpg';
import { CLEAN_OVERLAP } from '../../rl/overlap';
import { physicalDeception } from '../../rl/scenarios/physical-deception';
import { beginsWith, folderOf, type ReproductionPlan, type Task } from './plan';

export interface TaskOptions extends Pick<TrainingRunOptions, 'origin' | 'onGroup' | 'signal'> {
  out: string;
  plan: ReproductionPlan;
}

/**
 * Trains or tunes one agent in its folder below `out`, or goes on where that was left; one that is done is not touched.
 * @throws InputError when the folder holds an agent of another plan
 */
export function performTask(task: Task, { out, plan, ...hooks }: TaskOptions): Promise<TrainingResult> {
  const { arm, seed } = task;
  const common = { ...hooks, folder: folderOf(out, task), resume: true };
  const config = { ...plan.training, seed };
  const first = beginsWith(arm);
  if (first !== null) {
    const from = folderOf(out, { arm: first, seed });
    return finetune({
      ...common,
      from,
      fromHash: hashFile(join(from, AGENTS_FILE)),
      config: { ...config, episodes: plan.finetuningEpisodes },
      overlap: arm === 'tuned' ? CLEAN_OVERLAP : null,
    });
  }
  const reward = arm === 'honest' ? 'honest' : 'deceptive';
  return train({
    ...common,
    environment: physicalDeception.make({ reward, worlds: config.worlds, seed }),
    config,
    rules: physicalDeception.opponents.follower,
    inputs: { scenario: physicalDeception.name, reward, opponent: 'follower' },
  });
}
