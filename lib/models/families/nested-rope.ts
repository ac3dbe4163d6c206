/** rope_parameters of two kinds: one for layers with a window, one for those without. */
import { z } from 'zod';
import { checkShape } from '../../files/json-file';
import { CONFIG_FILE, type DecoderConfig } from '../decoder-config';
import type { Rope } from '../rope';
import { ropeOf, ropeParameters, ropeSchema } from './rope-words';
import type { SharedWords } from './shared-words';

const nestedSchema = z.looseObject({ full_attention: ropeSchema.nullish(), sliding_attention: ropeSchema.nullish() });

/**
 * Both kinds. Old files have one rope_scaling, which is meant for the layers without a window, and the bases apart.
 * @param thetas what each kind takes where the file does not say
 */
export function nestedRopes(
  file: SharedWords,
  thetas: { full: number; sliding: number },
): Record<'full' | 'sliding', Rope> {
  const nested = checkShape(nestedSchema, file.rope_parameters ?? {}, CONFIG_FILE);
  const originalMaxPositionEmbeddings = file.max_position_embeddings;
  const full = { ...nested.full_attention, ...file.rope_scaling };
  return {
    full: withoutTruncate(ropeOf(full, { theta: thetas.full, originalMaxPositionEmbeddings })),
    sliding: withoutTruncate(ropeOf(nested.sliding_attention ?? {}, { theta: thetas.sliding, originalMaxPositionEmbeddings })), // prettier-ignore
  };
}

/** transformers looks for `truncate` beside the two kinds, where it never stands. */
function withoutTruncate(rope: Rope): Rope {
  if (rope.scaling?.type !== 'yarn') return rope;
  const { truncate: _, ...scaling } = rope.scaling;
  return { ...rope, scaling };
}

export const nestedRopeWords = ({ rope, slidingRope }: DecoderConfig): Record<string, unknown> => ({
  rope_theta: undefined,
  rope_scaling: undefined,
  rope_parameters: { full_attention: ropeParameters(rope), sliding_attention: ropeParameters(slidingRope ?? rope) },
});
