/** Everything that a run needs to go on to the same bits, in one file that is written aside and renamed. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { InputError, messageOf } from '../files/input-error';
import { openSafetensors, saveSafetensors } from '../checkpoints/safetensors';
import { metaFromFile, type Adam } from '../optim';
import type { LoraAdapter } from '../peft';
import { torch, type Tensor } from '../torch';
import type { LossScaler } from './loss-scaler';
import type { Position } from './train';

/** The live objects of a run. */
export interface RunState {
  adapter: LoraAdapter;
  optimizer: Adam;
  /** Of a run in float16. */
  scaler?: LossScaler;
}

const metadataSchema = z.object({
  position: z.object({ microBatch: z.int().min(0), step: z.int().min(0) }),
  optimizer: z.unknown(),
  lossScale: z.object({ scale: z.number().positive(), steps: z.int().min(0), overflowed: z.boolean() }).optional(),
});

const [ADAPTER, OPTIMIZER, GRADIENT, RANDOM] = ['adapter.', 'optimizer.', 'gradient.', 'random.'];
/** The key under which safetensors' text metadata holds the rest as JSON. */
const STATE = 'state';

/** Devices whose generators draw for this run: dropout draws on the adapter's own. */
const devicesOf = ({ adapter }: RunState): string[] => [
  ...new Set(['cpu', ...adapter.parameters().map(({ device }) => String(device))]),
];

/** Writes the adapter, the optimiser, gradients waiting for a step, the loss scale, the random state and the position. */
export function saveCheckpoint(path: string, state: RunState, position: Position): void {
  const { adapter, optimizer } = state;
  const { tensors: moments, meta } = optimizer.stateDict();
  torch.scope(() => {
    const tensors = new Map<string, Tensor>();
    for (const [name, tensor] of adapter.stateDict()) {
      tensors.set(ADAPTER + name, tensor);
      if (tensor.grad) tensors.set(GRADIENT + name, tensor.grad);
    }
    for (const [name, tensor] of moments) tensors.set(OPTIMIZER + name, tensor);
    for (const device of devicesOf(state)) tensors.set(RANDOM + device, torch.getRngState(torch.device(device)));
    saveSafetensors(path, tensors, {
      [STATE]: JSON.stringify({ position, optimizer: meta, lossScale: state.scaler?.state }),
    });
  });
}

/**
 * Puts a run where its checkpoint left it.
 * @param most how far the whole run goes
 * @returns the position; undefined when there is no checkpoint
 * @throws InputError when the file is damaged or belongs to another adapter or run
 */
export function loadCheckpoint(path: string, state: RunState, most: Position): Position | undefined {
  if (!existsSync(path)) return undefined;
  const file = openSafetensors(path);
  try {
    const parsed = metadataSchema.safeParse(jsonOf(file.metadata.get(STATE)));
    if (!parsed.success) throw new InputError(`${path}: is no checkpoint of a fine-tuning run`);
    const { position } = parsed.data;
    if (position.microBatch > most.microBatch || position.step > most.step) {
      const [at, of] = [position, most].map(({ microBatch, step }) => `batch ${microBatch} and step ${step}`);
      throw new InputError(`${path}: stands at ${at}, and the run has ${of}`);
    }
    takeOver(path, () => {
      requireSameDtypes(path, state.adapter.stateDict(), file.under(ADAPTER));
      state.adapter.loadStateDict(file.under(ADAPTER));
      const meta = metaFromFile(parsed.data.optimizer, state.optimizer.groups, path);
      // The rates that are saved are a schedule's at that step; it sets them anew, from the optimiser's own.
      const rates = state.optimizer.groups.map(({ lr }) => lr);
      state.optimizer.loadStateDict({ tensors: file.under(OPTIMIZER), meta });
      state.optimizer.groups.forEach((group, i) => (group.lr = rates[i]));
      if (state.scaler && parsed.data.lossScale) state.scaler.state = parsed.data.lossScale;
      const own = state.adapter.stateDict();
      for (const [name, gradient] of file.under(GRADIENT)) {
        const parameter = own.get(name);
        if (parameter) parameter.grad = gradient.clone().to(parameter.device).keep();
      }
      for (const [device, random] of file.under(RANDOM)) torch.setRngState(random.clone(), torch.device(device));
    });
    return position;
  } finally {
    file.dispose();
  }
}

/** Weights that were converted would not go on to the same bits. */
function requireSameDtypes(path: string, own: ReadonlyMap<string, Tensor>, saved: ReadonlyMap<string, Tensor>): void {
  for (const [name, { dtype }] of own) {
    const other = saved.get(name)?.dtype ?? dtype;
    if (other !== dtype)
      throw new InputError(`${path}: ${name} is ${other}, and the run's adapter is ${dtype}; start the run anew`);
  }
}

/** What does not fit the run is told by the parts of it; here it is the file that is wrong. */
function takeOver(path: string, work: () => void): void {
  try {
    torch.scope(work);
  } catch (thrown) {
    throw thrown instanceof InputError ? thrown : new InputError(`${path}: ${messageOf(thrown)}`);
  }
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
