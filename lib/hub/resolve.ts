/** A model by its path, or by its name on the hub. */
import { existsSync } from 'node:fs';
import { InputError, messageOf } from '../files/input-error';
import { findInCache, type CachedModel } from './cache';
import { download, type DownloadOptions } from './download';
import { modelNameText, parseModelName, type ModelName } from './model-name';
import { HubError } from './requests';
import { hubSettings, type HubSettings } from './settings';
import { hasTokenizerIn } from './wanted-files';

export interface ResolvedModel {
  /** A folder, or a GGUF file. */
  readonly path: string;
  /** On the hub: `ORG/NAME`, or `ORG/NAME:FILE.gguf`. Absent for a path that was given. */
  readonly name?: string;
  /** The commit that was taken, 40 hex digits; absent for a path. */
  readonly revision?: string;
}

export type ResolveOptions = Omit<DownloadOptions, 'settings'> & {
  /** The environment that names cache, hub and token; the process's own by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
};

/**
 * Finds a model. A path that exists is taken as it is; else `ORG/NAME`, `ORG/NAME@REVISION` or `ORG/NAME:FILE.gguf` is
 * looked up in the cache that Python's huggingface_hub shares, and fetched from the hub where it is not there whole.
 * Which commit a branch is at is not asked of the hub while the cache has one: {@link fetchModel} does.
 * @throws InputError that names both readings; HubError when the hub fails; the signal's reason after an abort
 */
export async function resolveModel(nameOrPath: string, options: ResolveOptions = {}): Promise<ResolvedModel> {
  if (existsSync(nameOrPath)) return { path: nameOrPath };
  const name = requireName(nameOrPath);
  const settings = hubSettings(options.env);
  const found = findInCache(name, settings, options.part);
  if ('model' in found) return resolved(name, await withTokenizer(name, found.model, { ...options, settings }));
  try {
    if (settings.offline) throw offlineError(settings, name, found);
    return resolved(name, await download(name, { ...options, settings }));
  } catch (thrown) {
    throw withBothReadings(thrown, nameOrPath, options.signal);
  }
}

/** Fetches the tokenizer of a model of which Python has fetched the weights alone; where that fails, it stays as it is. */
async function withTokenizer(name: ModelName, model: CachedModel, options: DownloadOptions): Promise<CachedModel> {
  const needsNone = options.part === 'adapter' || model.gguf !== undefined || hasTokenizerIn(model.path);
  if (options.settings.offline || needsNone) return model;
  try {
    return await download({ ...name, revision: model.revision }, options);
  } catch (thrown) {
    if (thrown instanceof HubError) return model;
    throw thrown;
  }
}

/** What {@link fetchModel} found or fetched. */
export interface FetchedModel extends ResolvedModel {
  readonly name: string;
  readonly revision: string;
  /** Bytes that came from the hub for it; 0 where the cache had it all. */
  readonly fetched: number;
}

/**
 * Brings what the cache has of a model to the commit that its revision is at now. Offline, it looks into the cache alone.
 * @throws as {@link resolveModel}
 */
export async function fetchModel(text: string, options: ResolveOptions = {}): Promise<FetchedModel> {
  const name = requireName(text);
  const settings = hubSettings(options.env);
  if (!settings.offline) {
    const model = await download(name, { ...options, settings });
    return { ...resolved(name, model), fetched: model.fetched };
  }
  const found = findInCache(name, settings);
  if (!('model' in found)) throw new InputError(`${text}: ${offlineError(settings, name, found).message}`);
  return { ...resolved(name, found.model), fetched: 0 };
}

function requireName(text: string): ModelName {
  const name = parseModelName(text);
  if (name) return name;
  const gguf = /^([^/]+\/[^/]+)\/(.+\.gguf)$/i.exec(text);
  const hint = gguf && parseModelName(`${gguf[1]}:${gguf[2]}`) ? `; on the hub that file is ${gguf[1]}:${gguf[2]}` : '';
  throw new InputError(
    `${text}: no such folder or file, and no name of a model (ORG/NAME, ORG/NAME@REVISION, ORG/NAME:FILE.gguf)${hint}`,
  );
}

function resolved(name: ModelName, { path, revision, gguf }: CachedModel): Required<ResolvedModel> {
  return { path, name: modelNameText({ id: name.id, revision: 'main', gguf }), revision };
}

function offlineError(
  { cache }: HubSettings,
  { id }: ModelName,
  { missing, ggufs }: { missing: readonly string[]; ggufs: readonly string[] },
): InputError {
  const what = missing.length === 0 ? 'has nothing of it' : `lacks ${missing.slice(0, 5).join(', ')}`;
  const instead = ggufs.length === 0 ? '' : `; it has ${ggufs.map((file) => `${id}:${file}`).join(', ')}`;
  return new InputError(`HF_HUB_OFFLINE is set, and the cache ${cache} ${what}${instead}`);
}

function withBothReadings(thrown: unknown, text: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  const message = `${text}: no such folder or file here; as the name of a model: ${messageOf(thrown)}`;
  if (thrown instanceof InputError) return new InputError(message, { cause: thrown });
  return thrown instanceof HubError ? new HubError(message, { cause: thrown }) : thrown;
}
