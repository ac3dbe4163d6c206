/** TensorBoard event files: scalars and texts that `tensorboard --logdir` shows. */
import { gradNormOf, type StepRecord } from '../step-record';
import type { EventFile } from './event-file';

export { EventFile, type EventFileOptions } from './event-file';

/** Every batch of a tuning run under `train/`: `train({ ..., onStep: stepLog(new EventFile(folder)) })`. */
export function stepLog(events: EventFile): (record: StepRecord) => void {
  return (record) => {
    const { microBatch, loss, parts, lr, ms } = record;
    const tagged = Object.entries({ loss, gradNorm: gradNormOf(record), lr, milliseconds: ms, ...parts });
    events.scalars(microBatch, Object.fromEntries(tagged.map(([name, value]) => [`train/${name}`, value])));
  };
}

/** A value as JSON in a block of code, for `EventFile.text`. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/^/gm, '    ');
}
