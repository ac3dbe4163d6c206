import { Device, isOutOfMemory, releaseMapped, torch, type DType, type Tensor } from '../torch';
import { InputError, messageOf, quoted } from '../files/input-error';
import type { Weights } from '../checkpoints/sharded';
import type { Checkpoint } from './checkpoint';
import { bytesPerNumber } from './device-map/part-bytes';
import type { PlaceOptions, Places } from './device-map/places';
import type { Quantisation } from './quantisation/config';
import { numbersOf, type NumberWeights } from './quantisation/numbers';
import { textHalfOf } from './text-half';
import type { WeightLayout } from './weight-layout';

export interface LoadOptions extends PlaceOptions {
  /**
   * What the weights become. Default: float32 on the CPU, the checkpoint's own elsewhere. 'auto': the checkpoint's own.
   * On the CPU and in the checkpoint's dtype nothing is copied: weights stay in the mapped file.
   */
  dtype?: DType | 'auto';
  /** Whether to look for NaN and infinity, which reads every weight once; default true. */
  checkFinite?: boolean;
  /**
   * 'nf4' quantises the weights of Linears, but for the head, to four bits as they are read, one after the other: see
   * {@link Linear4bit}. What a checkpoint holds in four bits stays so in any case.
   */
  quantize?: 'nf4';
  /** Called after each weight with the bytes of the files that have been read, and all that will be. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Opens a checkpoint's weights and checks names, shapes and types against the model's before anything is allocated.
 * @throws InputError that names the file and the tensor.
 */
export function openCheckedWeights(
  checkpoint: Pick<Checkpoint, 'openWeights'>,
  layout: WeightLayout,
  quantisation: Quantisation | null,
): NumberWeights {
  const weights = numbersOf(textHalfOf(checkpoint.openWeights()), quantisation);
  try {
    checkWeights(weights, layout);
  } catch (thrown) {
    weights.dispose();
    throw thrown;
  }
  return weights;
}

/** Whether the files hold another weight under a further name of a shared one. */
export function hasOwnTwin(weights: Weights, { twins }: WeightLayout): boolean {
  const stored = new Set(weights.names);
  return torch.scope(() =>
    [...twins].some(([twin, first]) => stored.has(twin) && !weights.tensor(twin).equal(weights.tensor(first))),
  );
}

function checkWeights(weights: Weights, { shapes, twins }: WeightLayout): void {
  const present = new Set(weights.names);
  const missing = [...shapes.keys()].filter((name) => !present.has(name));
  if (missing.length > 0)
    throw new InputError(`model.safetensors: lacks ${listed(missing)}, which config.json asks for`);
  const unexpected = weights.names.filter((name) => !shapes.has(name) && !twins.has(name) && !isPositionTable(name));
  if (unexpected.length > 0) {
    throw new InputError(`model.safetensors: holds ${listed(unexpected)}, which config.json has no place for`);
  }
  for (const [name, wanted] of shapes) {
    const { shape, dtype } = weights.info(name);
    const where = `${weights.fileOf(name)}: tensor ${quoted(name)}`;
    if (shape.join() !== wanted.join()) {
      throw new InputError(`${where} is [${shape.join(', ')}], but config.json makes it [${wanted.join(', ')}]`);
    }
    if (!/^(b?float\d+)$/.test(dtype)) {
      throw new InputError(`${where} is ${dtype}, but weights must be float32, float64, float16 or bfloat16`);
    }
  }
}

/** Old checkpoints hold them, and no model needs them. */
const isPositionTable = (name: string): boolean => name.endsWith('.rotary_emb.inv_freq');

function listed(names: string[], most = 3): string {
  const some = names.slice(0, most).join(', ');
  return names.length > most ? `${some} and ${names.length - most} more` : some;
}

/**
 * Reads checked weights as tensors by name, on the device and in the dtype asked for.
 * @param saved the dtype that config.json names, which counts as the checkpoint's own
 * @throws InputError that names a tensor with NaN or infinity in it.
 */
export function readWeights(
  weights: Weights,
  names: Iterable<string>,
  saved: DType | undefined,
  options: Pick<LoadOptions, 'dtype' | 'checkFinite' | 'quantize'> & { places: Places; read: (names: string[]) => void }, // prettier-ignore
): Map<string, Tensor> {
  const { places, checkFinite = true } = options;
  const dtype = options.dtype ?? (new Device(places.home).type === 'cpu' ? 'float32' : 'auto');
  const state = new Map<string, Tensor>();
  for (const name of names) {
    const stored = weights.tensor(name);
    const wanted = dtype === 'auto' ? (saved ?? stored.dtype) : dtype;
    const tensor = torch.scope(() => {
      try {
        return stored.to(places.of(name), wanted);
      } catch (thrown) {
        if (!isOutOfMemory(thrown)) throw thrown;
        const less = savings(options, bytesPerNumber(wanted) > bytesPerNumber(saved ?? stored.dtype));
        throw new InputError(`${weights.fileOf(name)}: tensor ${quoted(name)} as ${wanted} does not fit into memory${less} (${messageOf(thrown)})`); // prettier-ignore
      }
    });
    if (tensor !== stored) {
      // Pages of the file count as this process's memory, and are not read again.
      releaseMapped(stored);
      stored.dispose();
    }
    if (checkFinite) requireFinite(tensor, `${weights.fileOf(name)}: tensor ${quoted(name)}`);
    state.set(name, tensor);
    options.read([name]);
  }
  return state;
}

/** What would take less memory, ahead of what libtorch says: errors are cut where they grow long. */
function savings({ places, quantize }: Pick<LoadOptions, 'quantize'> & { places: Places }, isWider: boolean): string {
  const accelerators = torch.devices().length - 1;
  const mayBeSpread = accelerators > 1 && !places.isSpread && new Device(places.home).type !== 'cpu';
  const each = [
    ...(isWider ? ["dtype auto (the file's own)"] : []),
    ...(mayBeSpread ? [`device map balanced (${accelerators} devices)`] : []),
    ...(quantize === undefined ? ['quantize nf4'] : []),
  ];
  return each.length > 0 ? `; less is taken by ${each.join(', ')}` : '';
}

/** A sum is finite only if every term is (or it overflows); the exact count is made when it is not. */
function requireFinite(tensor: Tensor, where: string): void {
  torch.scope(() => {
    const wide = tensor.dtype === 'float64' ? 'float64' : 'float32';
    if (Number.isFinite(torch.sum(tensor, { dtype: wide }).item())) return;
    const nan = Number(tensor.isnan().sum().item());
    const infinite = Number(tensor.isinf().sum().item());
    if (nan > 0) throw new InputError(`${where} holds ${nan} NaN`);
    if (infinite > 0) throw new InputError(`${where} holds ${infinite} infinite values`);
  });
}
