/** Progress of work with a model, with what the accelerators that it lies on hold. */
import type { LanguageModel } from '../models';
import { Device, type DeviceMemory } from '../torch';
import type { Progress, StartProgress } from '../training/progress';

type Placed = Pick<LanguageModel, 'parameters'>;

/** Starts a line whose notes end in {@link memoryNote}. */
export function modelProgress(start: StartProgress, model: Placed, label: string, total: number): Progress {
  const note = memoryNote(model);
  const progress = start(label, total);
  return {
    update: (done, said) => progress.update(done, [said, note()].filter(Boolean).join(', ')),
    stop: (said) => progress.stop(said),
  };
}

/** Tells memory in use and its peak on each accelerator that the model lies on; nothing on the processor. */
export function memoryNote(model: Placed): () => string {
  const names = new Set(model.parameters().map(({ device }) => String(device)));
  const devices = [...names].map((name) => new Device(name)).filter(({ type }) => type !== 'cpu');
  const named = (device: Device): string => (devices.length > 1 ? `${device} ` : '');
  return () => devices.map((device) => named(device) + memoryText(device.memory())).join(', ');
}

/** `12.3 of 24 GB (peak 14.1)` */
export function memoryText({ allocated, peak, total }: Omit<DeviceMemory, 'reserved'>): string {
  const [unit, size] = (total ?? peak) >= 1e9 ? ['GB', 1e9] : ['MB', 1e6];
  const text = (bytes: number): string => (bytes / size).toFixed(1).replace(/\.0$/, '');
  const all = total === null ? '' : ` of ${text(total)}`;
  return `${text(allocated)}${all} ${unit} (peak ${text(peak)})`;
}
