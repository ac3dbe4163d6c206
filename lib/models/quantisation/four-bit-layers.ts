/** Layers of a model that keep their weights in four bits, in the place of its Linears. */
import { releaseMapped, torch, type Tensor } from '../../torch';
import { Linear, Linear4bit, quantise, type AnyModule, type FourBitWeight } from '../../nn';
import { InputError, messageOf, quoted } from '../../files/input-error';
import type { Weights } from '../../checkpoints/sharded';
import { isQuantisable } from './four-bit-weights';
import type { Places } from '../device-map/places';
import type { NumberWeights } from './numbers';

/** Never quantised, as transformers leaves it: every logit is read off it. */
const HEAD = 'lm_head';

/**
 * Puts layers of four bits in the place of Linears: of those that the files hold so, and, where `quantised`, of all but
 * the head, one after the other.
 * @param model without numbers
 * @param read called after each, with the names of the weights that have been read
 * @throws InputError that names the tensor, for NaN and infinity
 */
export function putFourBitLayers(
  model: AnyModule,
  weights: NumberWeights,
  { quantised, places, read }: { quantised: boolean; places: Places; read: (names: string[]) => void },
): void {
  for (const [at, module] of model.namedModules()) {
    if (!(module instanceof Linear)) continue;
    const name = `${at}.weight`;
    torch.scope(() => {
      const stored = weights.fourBit(name);
      if (!stored && (!quantised || at === HEAD)) return;
      const weight = stored ?? quantisedNow(weights, name);
      const device = places.of(name);
      const bias = module.bias && weights.tensor(`${at}.bias`).to(device);
      const layer = new Linear4bit(
        moved(weight, (tensor) => tensor.to(device)),
        bias,
      );
      model.replaceModule(at, layer);
      module.weight.dispose();
      module.bias?.dispose();
      read(module.bias ? [name, `${at}.bias`] : [name]);
    });
  }
}

function quantisedNow(weights: Weights, name: string): FourBitWeight {
  const stored = weights.tensor(name);
  try {
    const weight = quantise(isQuantisable(stored.dtype) ? stored : stored.to('float32'));
    releaseMapped(stored);
    return weight;
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    throw new InputError(`${weights.fileOf(name)}: tensor ${quoted(name)}: ${messageOf(thrown)}`);
  }
}

function moved(weight: FourBitWeight, move: (tensor: Tensor) => Tensor): FourBitWeight {
  const { codes, absmax, nested } = weight;
  const moveNested = nested && { ...nested, absmax: move(nested.absmax), map: move(nested.map) };
  return { ...weight, codes: move(codes), absmax: move(absmax), nested: moveNested };
}
