/** Logs of inspect_ai as files: `.eval`, a zip whose samples can be read one by one, and `.json`, the whole log. */
import { strToU8, zipSync } from 'fflate';
import type { InspectHeader, InspectLog, InspectSample } from './inspect-log';

/** As inspect_ai names them, so that logs sort by time: `<time>_<task>_<id>`, with no colons and no underscores inside. */
export const logName = ({ eval: { created, task, eval_id } }: InspectHeader): string =>
  [created.replaceAll(':', '-'), task.replaceAll('_', '-'), eval_id].join('_');

/** Entries carry the time of the log, so that the same log is the same bytes. */
export function evalFile({ samples, ...header }: InspectLog): Uint8Array {
  const { version, eval: spec, plan } = header;
  const files: Record<string, unknown> = {
    '_journal/start.json': { version, eval: spec, plan },
    ...Object.fromEntries(samples.map((sample) => [`samples/${sample.id}_epoch_${sample.epoch}.json`, sample])),
    'summaries.json': samples.map(summaryOf),
    'header.json': header,
  };
  const entries = Object.entries(files).map(([name, value]) => [name, strToU8(JSON.stringify(value))] as const);
  // A zip knows no time zones: without the Z it is the same hour everywhere.
  return zipSync(Object.fromEntries(entries), { level: 6, mtime: new Date(spec.created.replace(/Z$/, '')) });
}

/** The same in one object, a line for each field. */
export const jsonLog = (log: InspectLog): string => `${JSON.stringify(log, null, 1)}\n`;

const summaryOf = ({ id, epoch, input, target, scores, metadata }: InspectSample): object => ({
  ...{ id, epoch, input, target, scores, metadata },
  completed: true,
  message_count: 2,
});
