/** What is trained and measured to repeat the paper's experiment. */
import { join } from 'node:path';
import { ARMS, type Arm } from '../../rl/evaluation/comparison';
import { CLASSIFICATION_SEEDS } from '../../rl/evaluation/classification';
import { CLEAN, type MaddpgConfig } from '../../rl/maddpg';
import { TaskQueue } from '../../training/queue';

export interface ReproductionPlan {
  /** Whether the sizes allow a judgement. */
  quick: boolean;
  /** Each is a deceptive agent, an honest one, and what becomes of the deceptive one. */
  seeds: readonly number[];
  /** Of the trainings, but for the seed. */
  training: MaddpgConfig;
  /** Episodes of overlap fine-tuning, and of its control. */
  finetuningEpisodes: number;
  /** Episodes without noise in which each agent is measured. */
  evaluationEpisodes: number;
  classification: { after: readonly number[]; seeds: readonly number[] };
}

/** Blue alone learns, red is the scripted follower: with it deception can be relied on. */
const TRAINING: MaddpgConfig = {
  ...CLEAN,
  episodes: 24_000,
  batch: 256,
  lr: 0.002,
  stepsPerRound: 50,
  noise: { ...CLEAN.noise, episodes: 16_000 },
};

/** Seeds of a study: the first ones of a larger study are those of a smaller one, which can so be gone on with. */
const seedsFrom = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

const FIRST_SEED = 41;

export const FULL: ReproductionPlan = {
  quick: false,
  // Three decide nothing: their intervals are 70 points wide, and verdicts turn on rounding between processors.
  seeds: seedsFrom(FIRST_SEED, 10),
  training: TRAINING,
  finetuningEpisodes: 10_000,
  evaluationEpisodes: 2000,
  classification: { after: [1, 100, 200, 300, 400, 500], seeds: CLASSIFICATION_SEEDS },
};

/** To see that all works; too little to judge by. */
export const QUICK: ReproductionPlan = {
  quick: true,
  seeds: [FIRST_SEED],
  training: { ...TRAINING, episodes: 5000, noise: { ...TRAINING.noise, episodes: 3500 } },
  finetuningEpisodes: 1500,
  evaluationEpisodes: 500,
  classification: { after: [1, 50, 100], seeds: CLASSIFICATION_SEEDS.slice(0, 5) },
};

/** The plan with another number of seeds; trainings of seeds that both have are the same. */
export const withSeeds = (plan: ReproductionPlan, count: number): ReproductionPlan => ({
  ...plan,
  seeds: seedsFrom(FIRST_SEED, count),
});

/** One agent of one seed. */
export interface Task {
  arm: Arm;
  seed: number;
}

/** Seed by seed, deceptive first: two others wait for it. */
export const tasksOf = ({ seeds }: ReproductionPlan): Task[] =>
  seeds.flatMap((seed) => (['deceptive', 'honest', 'tuned', 'control'] as const).map((arm) => ({ arm, seed })));

/** The arm that an arm begins with. */
export const beginsWith = (arm: Arm): Arm | null => (arm === 'tuned' || arm === 'control' ? 'deceptive' : null);

export const nameOf = ({ arm, seed }: Task): string => `${arm}-${seed}`;

/** A tuned agent can only begin when the one that it begins with is trained. */
export const queueOf = (plan: ReproductionPlan): TaskQueue<Task> =>
  new TaskQueue(
    tasksOf(plan).map((task) => {
      const first = beginsWith(task.arm);
      return { id: nameOf(task), after: first && nameOf({ arm: first, seed: task.seed }), task: () => task };
    }),
  );

export const folderOf = (out: string, task: Task): string => join(out, 'agents', nameOf(task));

/** Folders of every arm, by seed. */
export function foldersOf(out: string, { seeds }: Pick<ReproductionPlan, 'seeds'>): Record<Arm, string[]> {
  const folders = (arm: Arm): string[] => seeds.map((seed) => folderOf(out, { arm, seed }));
  return Object.fromEntries(ARMS.map((arm) => [arm, folders(arm)])) as Record<Arm, string[]>;
}
