/**
 * What a tuned module still tells apart: oneself and others, two names, one prompt and the next. Adapters that "work" have
 * often made it a constant, and a loss near 0 does not tell the two apart.
 */
import { inMode, capture } from '../nn';
import { padLeft, type LanguageModel } from '../models';
import { inFloat32, torch, type Tensor } from '../torch';
import { readsLayer, type FinetuneConfig } from './finetune-config';
import type { TokenPair } from './pairs';

/** Of what one module computes for the last tokens of prompts, behind which the next word is decided. */
export interface SiteValues {
  /** Mean squared difference between self and other. */
  gap: number;
  /** The same between other and the other side under another name; null where the pairs have none. */
  nameGap: number | null;
  /** Root of the mean square. */
  norm: number;
  /** Variance over the prompts of a side, mean over features and both sides. */
  variation: number;
}

/** A module by its dotted name, and what it is to the loss. */
export interface Site {
  name: string;
  place: 'hooked' | 'end of its block' | 'a later block' | 'final norm';
}

/**
 * Where a configured run is watched: at the module that its loss compares, at the end of that block, half-way up from
 * there, at the last block, and behind the final norm. A loss that reads no layer compares what follows from the latter.
 */
export function sitesOf(model: LanguageModel, { loss, layer }: Pick<FinetuneConfig, 'loss' | 'layer'>): Site[] {
  const last = model.config.numHiddenLayers - 1;
  const later = (from: number): Site[] =>
    [...new Set([Math.round((from + last) / 2), last])]
      .filter((at) => at > from)
      .map((at) => ({ name: model.layerOutput(at), place: 'a later block' }));
  if (!readsLayer(loss) || layer === null) return [{ name: model.finalNorm, place: 'hooked' }, ...later(-1)];
  return [
    { name: model.attentionOutput(layer), place: 'hooked' },
    { name: model.layerOutput(layer), place: 'end of its block' },
    ...later(layer),
    { name: model.finalNorm, place: 'final norm' },
  ];
}

/** Token ids of the prompts that pairs are watched by: self sides, other sides, and these under another name. */
function promptsOf(pairs: readonly TokenPair[]): { prompts: (readonly number[])[]; renamed: boolean } {
  const renamed = pairs.flatMap(({ renamedIds }) => (renamedIds ? [renamedIds] : []));
  const all = renamed.length === pairs.length;
  const sides = [...pairs.map(({ selfIds }) => selfIds), ...pairs.map(({ otherIds }) => otherIds)];
  return { prompts: all ? [...sides, ...renamed] : sides, renamed: all };
}

/** Tokens that one measurement computes. */
export const tokensMeasured = (pairs: readonly TokenPair[]): number =>
  promptsOf(pairs).prompts.reduce((sum, { length }) => sum + length, 0);

/**
 * Measures pairs at each site, in one pass without gradients, in evaluation mode: no random number is drawn.
 * @param pairs two at least: one prompt does not vary
 * @returns values by the site's name
 */
export function measureSites(
  model: LanguageModel,
  pairs: readonly TokenPair[],
  { sites, padId }: { sites: readonly Site[]; padId: number },
): Record<string, SiteValues> {
  if (pairs.length < 2) throw new RangeError(`measureSites: wanted two pairs or more, got ${pairs.length}`);
  const { prompts, renamed } = promptsOf(pairs);
  const names = sites.map(({ name }) => name);
  using captured = capture(model, names, { detach: true });
  const values = inMode(model, 'eval', () =>
    torch.scope(() =>
      torch.noGrad(() => {
        const { ids, attentionMask } = padLeft(prompts, { padId, device: model.device });
        model.call(ids, { attentionMask, padded: true, lastTokenOnly: true, frees: true });
        const each = names.map((name) =>
          valuesOf(captured.activations.get(name)?.to(model.device), pairs.length, renamed),
        );
        return torch.stack(each).toArray() as number[][];
      }),
    ),
  );
  captured.clear();
  return Object.fromEntries(
    values.map(([gap, nameGap, square, variation], i) => [
      names[i],
      { gap, nameGap: renamed ? nameGap : null, norm: Math.sqrt(square), variation },
    ]),
  );
}

/** [gap, name gap, mean square, variation], float64 */
function valuesOf(activation: Tensor | undefined, count: number, renamed: boolean): Tensor {
  if (!activation) throw new Error('measureSites: a module took no part in the forward pass');
  const last = inFloat32(activation.select(1, activation.size(1) - 1)).to('float64');
  const [self, other] = [last.narrow(0, 0, count), last.narrow(0, count, count)];
  const another = renamed ? last.narrow(0, 2 * count, count) : other;
  const variance = (side: Tensor): Tensor => side.var([0], { correction: 0 }).mean();
  return torch.stack([
    torch.mseLoss(self, other),
    torch.mseLoss(another, other),
    last.square().mean(),
    variance(self).add(variance(other)).div(2),
  ]);
}
