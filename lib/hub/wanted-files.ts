/** Which files of a repository are fetched, and whether a folder has them. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ggufHeads, ggufParts } from '../files/gguf-parts';
import { InputError, quoted } from '../files/input-error';
import { checkShape, readJsonFile } from '../files/json-file';

export const CONFIG = 'config.json';
const SINGLE = 'model.safetensors';
export const INDEX = 'model.safetensors.index.json';

/** What belongs to a model beside its weights and config.json: what we read, and what transformers wants of a tokenizer. */
export const COMPANIONS: readonly string[] = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer.model',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'chat_template.jinja',
  'chat_template.json',
];
/** Small files that are taken where a repository has them. */
const BESIDE = [CONFIG, ...COMPANIONS];
const MOST_NAMED = 12;

/** What of a repository makes a model: fetched in this order. */
export interface WantedFiles {
  /** Small files, the index of the weights among them. */
  readonly small: readonly string[];
  /** Files of weights; undefined where {@link shardsOf} the index name them. */
  readonly weights: readonly string[] | undefined;
}

/** All of a model, what its tokenizer needs, or the adapter that a repository of PEFT's holds instead. */
export type ModelPart = 'model' | 'tokenizer' | 'adapter';

export const ADAPTER_CONFIG = 'adapter_config.json';
/** Of an adapter, settings before weights. */
const ADAPTER = [ADAPTER_CONFIG, 'adapter_model.safetensors'] as const;

const hasTokenizer = (has: (file: string) => boolean): boolean => has('tokenizer.json') || has('tokenizer.model');

/**
 * Chooses among the files of a repository.
 * @param gguf a GGUF file, or what its name must hold
 * @throws InputError that says what is there instead of what was wanted
 */
export function wantedFiles(
  files: readonly string[],
  { id, gguf }: { id: string; gguf?: string },
  part: ModelPart = 'model',
): WantedFiles {
  if (part === 'adapter') return wantedOfAdapter(files, id);
  const ggufs = ggufHeads(files.filter((file) => /\.gguf$/i.test(file)));
  if (gguf !== undefined) return { small: [], weights: chosenGguf(ggufs, gguf, id) };
  const has = (file: string): boolean => files.includes(file);
  const small = BESIDE.filter(has);
  if (part === 'tokenizer' && hasTokenizer(has)) return { small, weights: [] };
  if (has(CONFIG) && has(SINGLE)) return { small, weights: [SINGLE] };
  if (has(CONFIG) && has(INDEX)) return { small: [...small, INDEX], weights: undefined };
  if (ggufs.length === 1) return { small: [], weights: chosenGguf(ggufs, ggufs[0], id) };
  throw new InputError(`${id} ${whatIsThere(files, ggufs, id)}`);
}

function wantedOfAdapter(files: readonly string[], id: string): WantedFiles {
  const missing = ADAPTER.find((file) => !files.includes(file));
  if (missing === undefined) return { small: [ADAPTER[0]], weights: [ADAPTER[1]] };
  const pickle = files.includes('adapter_model.bin') ? '; adapter_model.bin is a pickle, which is not read' : '';
  throw new InputError(`${id} has no ${missing}, so it is no LoRA adapter that can be read${pickle}`);
}

function whatIsThere(files: readonly string[], ggufs: readonly string[], id: string): string {
  if (ggufs.length > 1) return `has several GGUF files; name one, as ${id}:${ggufs[0]}: ${listed(ggufs)}`;
  if (files.includes(ADAPTER_CONFIG)) return 'is a LoRA adapter, not a model; name its base model';
  const pickle = files.find((file) => /^pytorch_model.*\.bin$/.test(file));
  if (pickle !== undefined) return `has no safetensors, only ${pickle}, a pickle, which is not read`;
  const missing = files.includes(CONFIG) ? `neither ${SINGLE} nor ${INDEX}` : `no ${CONFIG}`;
  return `has ${missing} and no GGUF file; it has ${listed(files) || 'no files at all'}`;
}

/** By its whole name, or by a part between marks that no other has: `Q4_K_M` of `x-Q4_K_M.gguf`. With all its parts. */
function chosenGguf(ggufs: readonly string[], wanted: string, id: string): string[] {
  const found = fitting(ggufs, wanted);
  if (found.length === 1) return ggufParts(found[0]);
  const what = found.length === 0 ? 'is none of its GGUF files' : 'fits several of its GGUF files';
  throw new InputError(
    `${id}: ${quoted(wanted)} ${what}: ${listed(found.length === 0 ? ggufs : found) || 'it has none'}`,
  );
}

function fitting(ggufs: readonly string[], wanted: string): string[] {
  if (ggufs.includes(wanted)) return [wanted];
  const part = wanted.replace(/\.gguf$/i, '').replace(/\W/g, '\\$&');
  const pattern = new RegExp(`(?:^|[./-])${part}(?:[./-])`, 'i');
  return ggufs.filter((file) => pattern.test(file));
}

const listed = (files: readonly string[]): string =>
  files.length <= MOST_NAMED
    ? files.join(', ')
    : `${files.slice(0, MOST_NAMED).join(', ')} and ${files.length - MOST_NAMED} more`;

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/**
 * The files that an index of weights lists, each once.
 * @throws InputError for an index that is none, or that names a file elsewhere
 */
export function shardsOf(index: string): string[] {
  const shards = [...new Set(Object.values(checkShape(indexSchema, readJsonFile(index), INDEX).weight_map))].sort();
  const outside = shards.find((file) => !/^[\w.-]+\.safetensors$/.test(file));
  if (outside !== undefined) throw new InputError(`${INDEX}: ${quoted(outside)} is not the plain name of a file`);
  return shards;
}

/** What a folder has of a model. */
export interface Found {
  /** The GGUF file that was asked for. */
  readonly gguf?: string;
  /** What no model of its kind does without; none where it is whole. */
  readonly missing: readonly string[];
}

/** Looks for a model in a folder of the cache. A GGUF file counts only where one was asked for: there may be others. */
export function modelIn(folder: string, gguf: string | undefined, part: ModelPart = 'model'): Found {
  if (gguf !== undefined) {
    const found = fitting(ggufsIn(folder), gguf);
    return found.length === 1 ? { gguf: found[0], missing: [] } : { missing: [gguf] };
  }
  const has = (file: string): boolean => existsSync(join(folder, file));
  if (part === 'adapter') return { missing: ADAPTER.filter((file) => !has(file)) };
  if (part === 'tokenizer' && hasTokenizer(has)) return { missing: [] };
  if (!has(CONFIG)) return { missing: [CONFIG] };
  if (has(SINGLE)) return { missing: [] };
  if (!has(INDEX)) return { missing: [SINGLE] };
  return { missing: shardsOf(join(folder, INDEX)).filter((shard) => !has(shard)) };
}

/** Whether a folder has a tokenizer: Python may have fetched the weights alone. */
export const hasTokenizerIn = (folder: string): boolean => hasTokenizer((file) => existsSync(join(folder, file)));

/** The GGUF files in a folder and below it whose bytes are all there; of one in several parts the first. */
export function ggufsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const isWhole = (name: string): boolean => ggufParts(name).every((part) => existsSync(join(folder, part)));
  return ggufHeads(names.filter((name) => /\.gguf$/i.test(name)))
    .filter(isWhole)
    .sort();
}
