/** Short tasks whose answers a program checks: no judge, no knowledge of the world, made from a seed. */
import { Random } from '../../random';
import { codeTask } from './code-tasks';
import { formatTask } from './format-tasks';
import { arithmeticTask, copyingTask, sortingTask } from './plain-tasks';
import type { ShortTask } from './short-task';

export interface AskedTask extends ShortTask {
  task: TaskName;
  /** The place in its task, and the seed: the same in every measurement. */
  id: string;
  /** Most tokens of an answer: three times what a brief right one needs. */
  maxNewTokens: number;
}

const MAKERS = {
  arithmetic: { make: arithmeticTask, maxNewTokens: 48 },
  copying: { make: copyingTask, maxNewTokens: 96 },
  sorting: { make: sortingTask, maxNewTokens: 96 },
  format: { make: formatTask, maxNewTokens: 128 },
  code: { make: codeTask, maxNewTokens: 256 },
} as const satisfies Record<string, { make: (random: Random, index: number) => ShortTask; maxNewTokens: number }>;

export type TaskName = keyof typeof MAKERS;
export const TASK_NAMES = Object.keys(MAKERS) as readonly TaskName[];

/**
 * Tasks of each kind. The first ones stay the same when more are asked for, or other kinds.
 * @param options.each how many of each kind
 * @throws RangeError for a number or a seed that is none
 */
export function shortTasks({
  tasks = TASK_NAMES,
  each,
  seed,
}: {
  tasks?: readonly TaskName[];
  each: number;
  seed: number;
}): AskedTask[] {
  if (!Number.isSafeInteger(each) || each < 1)
    throw new RangeError(`shortTasks: each must be a whole number of 1 or more, got ${each}`);
  return tasks.flatMap((task) => {
    const random = new Random(seed + 1000 * TASK_NAMES.indexOf(task));
    const { make, maxNewTokens } = MAKERS[task];
    const made = new Set<string>();
    return Array.from({ length: each }, (_, index) => {
      let one = make(random, index);
      // Small numbers repeat themselves; after some tries a task may.
      for (let tries = 0; made.has(one.prompt) && tries < 20; tries++) one = make(random, index);
      made.add(one.prompt);
      return { task, id: `${seed}-${index}`, maxNewTokens, ...one };
    });
  });
}
