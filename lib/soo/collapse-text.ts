/** A measurement of the watch over a run, for those who read: a progress line, a sentence, TensorBoard. */
import type { MonitorRecord, MonitorSummary } from './collapse-watch';

const percent = (share: number): string =>
  share < 0.001 ? '<0.1%' : `${share < 0.1 ? (100 * share).toFixed(1) : (100 * share).toFixed(0)}%`;

/** `gap 12%, names 95%, prompts 80%`: what the hooked module keeps. */
export function keptText({ gap, nameGap, variation }: MonitorRecord['kept']): string {
  const names = nameGap === null ? '' : `, names ${percent(nameGap)}`;
  return `gap ${percent(gap)}${names}, prompts ${percent(variation)}`;
}

/** One sentence on what a run left of what its module told apart, and on a collapse with the step at which it was seen. */
export function watchText({ site, kept, collapsedAt, stopped }: MonitorSummary): string {
  const left = `${site} keeps of what it told apart before tuning: ${keptText(kept[site])}.`;
  if (collapsedAt === null) return left;
  const end = stopped ? '; the run was ended there' : '';
  return `Collapse at step ${collapsedAt}${end}: ${site} computes nearly the same for every prompt. ${left}`;
}

/** A measurement's scalars by TensorBoard's tags: `monitor/model.norm/gap`. */
export const monitorScalars = ({ sites }: MonitorRecord): Record<string, number> =>
  Object.fromEntries(
    Object.entries(sites).flatMap(([site, values]) =>
      Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [[`monitor/${site}/${name}`, value]])),
    ),
  );
