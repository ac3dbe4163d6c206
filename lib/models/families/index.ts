/** The families that are known; one more is a file of its own and a line here. */
import { join } from 'node:path';
import { z } from 'zod';
import { quoted } from '../../files/input-error';
import { checkShape, readJsonFile } from '../../files/json-file';
import { CONFIG_FILE, type DecoderConfig } from '../decoder-config';
import { wanted, type Family } from './family';
import { mistral } from './mistral';

const FAMILIES: ReadonlyMap<string, Family> = new Map([mistral].map((family) => [family.modelType, family]));

/** Every `model_type` that is known. */
export const modelTypes: readonly string[] = [...FAMILIES.keys()];

const known = [...FAMILIES.keys()].map(quoted).join(' or ');
const schema = z.looseObject(
  { model_type: z.string(wanted(known)).refine((name) => FAMILIES.has(name), wanted(known)) },
  wanted('an object'),
);

/**
 * The family of that `model_type`.
 * @throws InputError that names those that are known
 */
export function familyOf(modelType: unknown): Family {
  const { model_type: name } = checkShape(schema, { model_type: modelType }, CONFIG_FILE);
  return FAMILIES.get(name) as Family;
}

/**
 * Checks a parsed config.json.
 * @throws InputError such as `config.json: num_key_value_heads is 3, which does not divide num_attention_heads 32`.
 */
export function parseConfig(json: unknown): DecoderConfig {
  return familyOf(checkShape(schema, json, CONFIG_FILE).model_type).parse(json);
}

/** Reads and checks the config.json of a Hugging Face folder; throws as {@link parseConfig}. */
export function readConfig(folder: string): DecoderConfig {
  return parseConfig(readJsonFile(join(folder, CONFIG_FILE), { uniqueKeys: true }));
}
