/** The families that are known; one more is a file of its own and a line here. */
import { join } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import type { DType } from '../../torch';
import { InputError, quoted, shown } from '../../files/input-error';
import { checkShape, readJsonFile } from '../../files/json-file';
import { CONFIG_FILE, type DecoderConfig } from '../decoder-config';
import { quantisationSchema, type Quantisation } from '../quantisation/config';
import type { Family } from './family';
import { gemma2 } from './gemma2';
import { gemma3 } from './gemma3';
import { granite } from './granite';
import { llama } from './llama';
import { ministral } from './ministral';
import { ministral3 } from './ministral3';
import { mistral } from './mistral';
import { olmo2 } from './olmo2';
import { olmo3 } from './olmo3';
import { phi3 } from './phi3';
import { qwen2 } from './qwen2';
import { qwen3 } from './qwen3';
import { smollm3 } from './smollm3';
import { flag, text, wanted } from './words';

const ALL = [gemma2, gemma3, granite, llama, ministral, ministral3, mistral, olmo2, olmo3, phi3, qwen2, qwen3, smollm3];
const FAMILIES: ReadonlyMap<string, Family> = new Map(ALL.map((family) => [family.modelType, family]));

/** Every `model_type` that is known. */
export const modelTypes: readonly string[] = [...FAMILIES.keys()];

/** The text half of multimodal wrappers whose config.json may leave out its `model_type`. */
const TEXT_TYPES: Record<string, string> = { gemma3: 'gemma3_text', mistral3: 'mistral' };

const schema = z.looseObject(
  {
    model_type: text,
    text_config: z.looseObject({ model_type: text.optional() }, wanted('an object')).nullish(),
    tie_word_embeddings: flag.optional(),
  },
  wanted('an object'),
);

/**
 * The family of that `model_type`.
 * @throws InputError that names the nearest that are known, and how to add one
 */
export function familyOf(modelType: string): Family {
  const family = FAMILIES.get(modelType);
  if (family) return family;
  const where = `${CONFIG_FILE}: model_type is ${shown(modelType)}`;
  if (/moe|mixtral|gpt_oss|deepseek_v|llama4|mistral4/.test(modelType))
    throw new InputError(`${where}, a mixture of experts, which is not supported; known are ${listed(modelTypes)}`);
  const near = listed([...modelTypes].sort((a, b) => distance(a, modelType) - distance(b, modelType)).slice(0, 3));
  throw new InputError(`${where}, which is not known; the nearest that are: ${near} (docs/extending.md says how to add one)`); // prettier-ignore
}

const listed = (names: readonly string[]): string => names.map(quoted).join(', ');

/**
 * Checks a parsed config.json. Of a multimodal model it is the text half that counts.
 * @throws InputError such as `config.json: num_key_value_heads is 3, which does not divide num_attention_heads 32`.
 */
export function parseConfig(json: unknown): DecoderConfig {
  const { model_type: modelType, text_config: textHalf, ...outer } = checkShape(schema, json, CONFIG_FILE);
  if (!textHalf || FAMILIES.has(modelType)) return familyOf(modelType).parse(json);
  const textType = textHalf.model_type ?? TEXT_TYPES[modelType] ?? modelType;
  const { dtype, torch_dtype, quantization_config, eos_token_id, tie_word_embeddings = true } = outer;
  const inherited = Object.entries({ dtype, torch_dtype, quantization_config, eos_token_id });
  const given = inherited.filter(([name, value]) => value !== undefined && !(name in textHalf));
  // Whether the head is tied is the wrapper's to say.
  return familyOf(textType).parse({ ...Object.fromEntries(given), ...textHalf, tie_word_embeddings, model_type: textType }); // prettier-ignore
}

/** Numbers that transformers' checks want with a point. */
const FLOATS = ['attn_logit_softcapping', 'final_logit_softcapping', 'initializer_range', 'rms_norm_eps'];
const WHOLE_FLOAT = new RegExp(`^( *"(?:${FLOATS.join('|')})": \\d+)(,?)$`, 'gm');

/**
 * The text of config.json.
 * @param more words that are not the decoder's
 */
export function configText(config: DecoderConfig, dtype: DType, more: Record<string, unknown> = {}): string {
  const text = JSON.stringify({ ...familyOf(config.modelType).write(config, dtype), ...more }, null, 2);
  return `${text.replace(WHOLE_FLOAT, '$1.0$2')}\n`;
}

/** How the weights of that config.json are quantised, if they are; throws as {@link parseConfig}. */
export function quantisationOf(json: unknown): Quantisation | null {
  const own = z.looseObject({ quantization_config: quantisationSchema.nullish() });
  const fields = z.looseObject({ ...own.shape, text_config: own.nullish() });
  const { quantization_config: whole, text_config: half } = checkShape(fields, json, CONFIG_FILE);
  return whole ?? half?.quantization_config ?? null;
}

/** Reads and checks the config.json of a Hugging Face folder; throws as {@link parseConfig}. */
export const readConfig = (folder: string): DecoderConfig => readConfigFile(join(folder, CONFIG_FILE));

/** The same of the file itself: also what a model on the hub is checked by, before gigabytes of it are fetched. */
export const readConfigFile = (file: string): DecoderConfig => parseConfig(readJsonFile(file, { uniqueKeys: true }));
