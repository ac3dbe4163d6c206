/** What a family of models is, and how one is made from the words that only it has. */
import { z } from 'zod';
import type { DType } from '../../torch';
import { InputError, shown } from '../../files/input-error';
import { checkShape } from '../../files/json-file';
import { completeConfig, CONFIG_FILE, type DecoderConfig, type DecoderShape } from '../decoder-config';
import {
  flatRope,
  sharedFields,
  sharedShape,
  sharedWords,
  type SharedDefaults,
  type SharedWords,
} from './shared-words';

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

type FileWords<Fields extends z.ZodRawShape> = z.output<z.ZodObject<Fields>> & SharedWords;

interface FamilyWords<Fields extends z.ZodRawShape> {
  modelType: string;
  /** The class of transformers that is named in config.json. */
  architecture: string;
  /** What transformers takes where a file does not say. */
  defaults: SharedDefaults;
  /** Words that only this family has. */
  fields: Fields;
  /** What of the decoder follows from them, over what follows from the shared words. */
  decoder: (file: FileWords<Fields>) => Partial<DecoderShape>;
  /** These words again, over the shared ones. */
  write: (config: DecoderConfig) => Record<string, unknown>;
}

/** Makes a family of its own words and the ones that all share. */
export function defineFamily<Fields extends z.ZodRawShape>(words: FamilyWords<Fields>): Family {
  const { modelType, architecture, defaults } = words;
  const schema = z.looseObject({ ...sharedFields(defaults), ...words.fields }, 'must be an object');
  return {
    modelType,

    parse(json) {
      const file = checkShape(schema, json, CONFIG_FILE) as FileWords<Fields>;
      refuseOtherArchitectures(file.architectures ?? [], architecture);
      const own = words.decoder(file);
      const rope = own.rope ?? flatRope(file, defaults.ropeTheta ?? 10_000);
      return completeConfig({ ...sharedShape(file), ...own, rope, modelType });
    },

    write: (config, dtype) => ({
      architectures: [architecture],
      ...sharedWords(config, dtype),
      ...words.write(config),
    }),
  };
}

/** Embedding and reward models have the same layers and another head, or none. */
function refuseOtherArchitectures(names: readonly string[], architecture: string): void {
  if (names.length > 0 && !names.some((name) => /For(CausalLM|ConditionalGeneration)$/.test(name))) {
    throw new InputError(`${CONFIG_FILE}: architectures is ${shown(names)}; only ${architecture} is supported`);
  }
}
