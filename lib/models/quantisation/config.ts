/** `quantization_config` of config.json: what a checkpoint's numbers were packed by, and what this library unpacks. */
import { z } from 'zod';
import { shown } from '../../files/input-error';

/** How the weights of a checkpoint are stored. */
export type Quantisation =
  | { method: 'nf4' }
  /** Eight-bit floats; `block`: rows and columns that share a scale, null for one scale a tensor or a row. */
  | { method: 'fp8'; block: readonly [number, number] | null }
  | { method: 'mxfp4' };

const READ = 'bitsandbytes (nf4), fp8, fbgemm_fp8 and mxfp4';

const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${shown(issue.input)}`,
});
const blockSize = z.int(wanted('a whole number')).min(1, wanted('1 or more'));
const loose = z.looseObject(
  {
    quant_method: z.string(wanted('text')).optional(),
    load_in_4bit: z.boolean(wanted('true or false')).optional(),
    load_in_8bit: z.boolean(wanted('true or false')).optional(),
    bnb_4bit_quant_type: z.string(wanted('text')).default('fp4'),
    weight_block_size: z.tuple([blockSize, blockSize], wanted('[rows, columns]')).nullish(),
  },
  wanted('an object'),
);

/** For a schema of config.json: refuses by name what cannot be read. */
export const quantisationSchema = loose.transform((config, context): Quantisation => {
  const refuse = (what: string): never => {
    context.addIssue({ code: 'custom', message: `${what} is not supported; read are ${READ}` });
    return z.NEVER;
  };
  // The first releases of bitsandbytes' quantisers named no method.
  const method = config.quant_method ?? (config.load_in_4bit || config.load_in_8bit ? 'bitsandbytes' : undefined);
  switch (method) {
    case 'bitsandbytes': {
      if (config.load_in_8bit) return refuse('LLM.int8 (load_in_8bit)');
      const { bnb_4bit_quant_type: type } = config;
      return type === 'nf4' ? { method: 'nf4' } : refuse(`bnb_4bit_quant_type ${shown(type)}`);
    }
    case 'fp8':
    case 'fbgemm_fp8':
      return { method: 'fp8', block: config.weight_block_size ?? null };
    case 'mxfp4':
      return { method: 'mxfp4' };
    default:
      return refuse(`quant_method ${shown(method)}`);
  }
});

/**
 * What transformers reads back for weights under bitsandbytes' names.
 * @param of.skipped modules whose weights are numbers
 */
export const nf4Config = (of: { double: boolean; skipped: readonly string[] }): Record<string, unknown> => ({
  _load_in_4bit: true,
  _load_in_8bit: false,
  bnb_4bit_compute_dtype: 'float32',
  bnb_4bit_quant_storage: 'uint8',
  bnb_4bit_quant_type: 'nf4',
  bnb_4bit_use_double_quant: of.double,
  llm_int8_skip_modules: of.skipped,
  load_in_4bit: true,
  load_in_8bit: false,
  quant_method: 'bitsandbytes',
});
