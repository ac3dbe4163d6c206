import type { Command } from 'commander';
import { assemble } from '../../studies/honesty';
import type { Result } from '../command';
import { table } from '../table';

export function define(command: Command): void {
  command.argument('<dir>', 'folder of a study');
}

/** `soo study status`: reads the folder and changes nothing in it. */
export function run([folder]: readonly string[]): Result {
  const { study, status, plan, tasks } = assemble(folder);
  const count = (wanted: string): number => tasks.filter((task) => task.status === wanted).length;
  const counts = { done: count('done'), failed: count('failed'), left: count('left') };
  const whole = counts.left === 0 ? status : 'unfinished';
  const frozen = plan.frozenAt === null ? 'not frozen' : `frozen on ${plan.frozenAt}`;
  const marks = plan.exploratory === null ? '' : `; exploratory: ${plan.exploratory}`;
  const head = `${study}: ${counts.done} of ${tasks.length} tasks done, ${counts.failed} failed, ${counts.left} left; ${frozen}, ${plan.split} items${marks}`; // prettier-ignore
  const rows = tasks.map(({ id, status: is, reason }) => [id, is, reason ?? '']);
  return {
    json: { study, status: whole, ...counts, plan, tasks },
    text: `${head}\n\n${table(['task', 'status', 'why'], rows)}`,
  };
}
