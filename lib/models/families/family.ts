/** What a family of models is, and the words of config.json that families share. */
import { z } from 'zod';
import type { DType } from '../../torch';
import { shown } from '../../files/input-error';
import type { DecoderConfig } from '../decoder-config';
import { quantisationSchema } from '../quantisation/config';

/** Models whose config.json is read the same way. */
export interface Family {
  /** `model_type` of config.json. */
  readonly modelType: string;
  /**
   * The decoder that a parsed config.json describes, with the defaults that transformers has for the family.
   * @throws InputError that names the setting, also for one that the decoder would compute wrongly
   */
  parse(json: unknown): DecoderConfig;
  /** The config.json that transformers reads back. */
  write(config: DecoderConfig, dtype: DType): Record<string, unknown>;
}

/** Says what was wanted and what came. */
export const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${shown(issue.input)}`,
});

export const size = z
  .int(wanted('a whole number'))
  .min(1, wanted('1 or more'))
  .max(2 ** 31, wanted('below 2^31'));
export const positive = z.number(wanted('a number')).positive(wanted('above 0'));
export const notNegative = z.number(wanted('a number')).min(0, wanted('0 or more'));
export const flag = z.boolean(wanted('true or false'));
export const tokenId = z.int(wanted('a token id')).min(0, wanted('a token id of 0 or more'));
/** -1 stands for none in the first conversions of Llama. */
export const padTokenId = z.preprocess((value) => (value === -1 ? null : value), tokenId.nullish());
export const tokenIds = z.union([tokenId, z.array(tokenId)], wanted('a token id or a list of them'));

/** `torch.bfloat16` and `auto`, which says nothing, were written too. */
const dtype = z.preprocess(
  (value) => (typeof value === 'string' ? value.replace(/^torch\./, '').replace(/^auto$/, '') || undefined : value),
  z.enum(['float32', 'float64', 'float16', 'bfloat16'], wanted('float32, float64, float16 or bfloat16')).nullish(),
);

export const ropeSchema = z.looseObject(
  {
    rope_theta: positive.optional(),
    rope_type: z.string(wanted('text')).optional(),
    type: z.string(wanted('text')).optional(),
  },
  wanted('an object'),
);

/** What every config.json says in the same words, and for which no family has a default of its own. */
export const sharedFields = {
  architectures: z.array(z.string(wanted('text')), wanted('a list')).nullish(),
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  // A bound that no model comes near keeps a damaged number from filling the memory with layers.
  num_hidden_layers: size.max(10_000, wanted('10000 or fewer')),
  num_attention_heads: size,
  dtype,
  torch_dtype: dtype,
  quantization_config: quantisationSchema.nullish(),
};
