/** Everything that a run needs to go on to the same bits, in one file that is written aside and renamed. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { InputError } from '../files/input-error';
import { openSafetensors, saveSafetensors } from '../checkpoints/safetensors';
import type { Adam, OptimizerState } from '../optim';
import type { LoraAdapter } from '../peft';
import { torch, type Tensor } from '../torch';
import type { Position } from './train';

/** The live objects of a run. */
export interface RunState {
  adapter: LoraAdapter;
  optimizer: Adam;
}

const metadataSchema = z.object({
  position: z.object({ microBatch: z.int().min(0), step: z.int().min(0) }),
  optimizer: z.looseObject({ kind: z.string() }),
});

const [ADAPTER, OPTIMIZER, GRADIENT, RANDOM] = ['adapter.', 'optimizer.', 'gradient.', 'random.'];
/** The key under which safetensors' text metadata holds the rest as JSON. */
const STATE = 'state';

/** Devices whose generators draw for this run: dropout draws on the adapter's own. */
const devicesOf = ({ adapter }: RunState): string[] => [
  ...new Set(['cpu', ...adapter.parameters().map(({ device }) => String(device))]),
];

/** Writes the adapter, the optimiser, gradients waiting for a step, the random state and the position. */
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
    saveSafetensors(path, tensors, { [STATE]: JSON.stringify({ position, optimizer: meta }) });
  });
}

/**
 * Puts a run where its checkpoint left it.
 * @returns the position; undefined when there is no checkpoint
 * @throws InputError when the file is damaged or belongs to another adapter
 */
export function loadCheckpoint(path: string, state: RunState): Position | undefined {
  if (!existsSync(path)) return undefined;
  const file = openSafetensors(path);
  try {
    const parsed = metadataSchema.safeParse(jsonOf(file.metadata.get(STATE)));
    if (!parsed.success) throw new InputError(`${path}: is no checkpoint of a fine-tuning run`);
    torch.scope(() => {
      state.adapter.loadStateDict(file.under(ADAPTER));
      const meta = parsed.data.optimizer as unknown as OptimizerState['meta'];
      // The rates that are saved are a schedule's at that step; it sets them anew, from the optimiser's own.
      const rates = state.optimizer.groups.map(({ lr }) => lr);
      state.optimizer.loadStateDict({ tensors: file.under(OPTIMIZER), meta });
      state.optimizer.groups.forEach((group, i) => (group.lr = rates[i]));
      const own = state.adapter.stateDict();
      for (const [name, gradient] of file.under(GRADIENT)) {
        const parameter = own.get(name);
        if (parameter) parameter.grad = gradient.clone().to(parameter.device).keep();
      }
      for (const [device, random] of file.under(RANDOM)) torch.setRngState(random.clone(), torch.device(device));
    });
    return parsed.data.position;
  } finally {
    file.dispose();
  }
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
