/** rope_parameters (transformers 5) and rope_scaling with rope_theta (before it), read and written. */
import { z } from 'zod';
import { InputError, shown } from '../../files/input-error';
import { checkShape } from '../../files/json-file';
import { CONFIG_FILE } from '../decoder-config';
import type { Rope, RopeScaling } from '../rope';
import { flag, notNegative, positive, size, text, wanted } from './words';

const optional = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);
const factors = z.array(positive, wanted('a list of numbers'));
const original = { original_max_position_embeddings: size };

const SCALINGS = {
  linear: z.object({ factor: positive }),
  dynamic: z.object({ factor: positive }),
  yarn: z.object({
    ...original,
    factor: positive,
    attention_factor: optional(notNegative),
    beta_fast: optional(positive),
    beta_slow: optional(positive),
    mscale: optional(notNegative),
    mscale_all_dim: optional(notNegative),
    truncate: optional(flag),
  }),
  longrope: z.object({
    ...original,
    short_factor: factors,
    long_factor: factors,
    factor: optional(positive),
    attention_factor: optional(notNegative),
  }),
  llama3: z.object({ ...original, factor: positive, low_freq_factor: positive, high_freq_factor: positive }),
};

export const ropeSchema = z.looseObject(
  {
    rope_theta: positive.optional(),
    rope_type: text.optional(),
    type: text.optional(),
    partial_rotary_factor: positive.max(1, wanted('at most 1')).optional(),
  },
  wanted('an object'),
);
export type RopeWords = z.output<typeof ropeSchema>;

export interface RopeDefaults {
  theta: number;
  /** `max_position_embeddings`, or what stands in its place as the length of the first training. */
  originalMaxPositionEmbeddings: number;
  partialRotaryFactor?: number;
}

/** The rotary positions that such words describe. @throws InputError for a scaling that is not known or incomplete */
export function ropeOf(words: RopeWords, defaults: RopeDefaults): Rope {
  const { theta, partialRotaryFactor: share = 1, originalMaxPositionEmbeddings } = defaults;
  const type = words.rope_type ?? words.type ?? 'default';
  return {
    theta: words.rope_theta ?? theta,
    partialRotaryFactor: words.partial_rotary_factor ?? share,
    scaling: scalingOf(type, { original_max_position_embeddings: originalMaxPositionEmbeddings, ...words }),
  };
}

function scalingOf(type: string, words: Record<string, unknown>): RopeScaling | null {
  if (type === 'default') return null;
  const schema = Object.hasOwn(SCALINGS, type) ? SCALINGS[type as keyof typeof SCALINGS] : undefined;
  if (!schema) {
    const known = ['default', ...Object.keys(SCALINGS)].map((name) => `"${name}"`).join(', ');
    throw new InputError(`${CONFIG_FILE}: rope_type is ${shown(type)}, but must be one of ${known}`);
  }
  const file = checkShape(z.object({ rope_parameters: schema as z.ZodType }), { rope_parameters: words }, CONFIG_FILE);
  return { type, ...renamed(file.rope_parameters as object, camelCase) } as unknown as RopeScaling;
}

/** As transformers 5 writes them. */
export function ropeParameters({ theta, partialRotaryFactor, scaling }: Rope): Record<string, unknown> {
  const { type = 'default', ...rest } = scaling ?? {};
  const share = partialRotaryFactor === 1 ? {} : { partial_rotary_factor: partialRotaryFactor };
  return { rope_theta: theta, rope_type: type, ...share, ...renamed(rest, snakeCase) };
}

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function renamed(object: object, rename: (name: string) => string): Record<string, unknown> {
  const given = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [rename(name), value]));
}
