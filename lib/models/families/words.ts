/** The kinds of values that config.json holds, each with what to say when another came. */
import { z } from 'zod';
import { shown } from '../../files/input-error';

/** Says what was wanted and what came. */
export const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${shown(issue.input)}`,
});

export const size = z
  .int(wanted('a whole number'))
  .min(1, wanted('1 or more'))
  .max(2 ** 31, wanted('below 2^31'));
export const text = z.string(wanted('text'));
export const positive = z.number(wanted('a number')).positive(wanted('above 0'));
export const notNegative = z.number(wanted('a number')).min(0, wanted('0 or more'));
export const flag = z.boolean(wanted('true or false'));
export const tokenId = z.int(wanted('a token id')).min(0, wanted('a token id of 0 or more'));
/** -1 stands for none in the first conversions of Llama. */
export const padTokenId = z.preprocess((value) => (value === -1 ? null : value), tokenId.nullish());
export const tokenIds = z.union([tokenId, z.array(tokenId)], wanted('a token id or a list of them'));

/** `torch.bfloat16` and `auto`, which says nothing, were written too. */
export const dtype = z.preprocess(
  (value) => (typeof value === 'string' ? value.replace(/^torch\./, '').replace(/^auto$/, '') || undefined : value),
  z.enum(['float32', 'float64', 'float16', 'bfloat16'], wanted('float32, float64, float16 or bfloat16')).nullish(),
);

/** One function under several names. */
export const activation = z.preprocess(
  (value) => (value === 'swish' ? 'silu' : value === 'gelu_new' ? 'gelu_pytorch_tanh' : value),
  z.enum(['silu', 'gelu', 'gelu_pytorch_tanh'], wanted('"silu", "gelu" or "gelu_pytorch_tanh"')),
);

export const layerTypes = z.array(
  z.enum(['full_attention', 'sliding_attention'], wanted('"full_attention" or "sliding_attention"')),
  wanted('a list'),
);
