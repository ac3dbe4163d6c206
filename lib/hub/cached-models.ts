/** What is in the cache. */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile } from '../files/json-file';
import { CachedRepository, cachedRepositories } from './cache';
import type { HubSettings } from './settings';
import { ADAPTER_CONFIG, CONFIG, ggufsIn, modelIn } from './wanted-files';

/** One commit of a model, or what an interrupted download has left of one. */
export interface CachedEntry {
  /** `ORG/NAME`. */
  readonly name: string;
  /** The commit; null where there are parts of files only. */
  readonly revision: string | null;
  /** Branches and tags that were at that commit when they were last looked at. */
  readonly refs: readonly string[];
  /** The folder; null where there are parts of files only. */
  readonly path: string | null;
  /** Of its files, each once; without a snapshot, of the parts. */
  readonly bytes: number;
  /** Whether it has config.json and all its weights, or a GGUF file, or is a whole adapter. */
  readonly complete: boolean;
  /** What it lacks. */
  readonly missing: readonly string[];
  /** `model_type` of its config.json. */
  readonly modelType: string | null;
  readonly ggufs: readonly string[];
}

/** Every model in the cache, commit by commit. */
export function cachedModels({ cache }: Pick<HubSettings, 'cache'>): CachedEntry[] {
  return cachedRepositories(cache).flatMap((repository) => {
    const commits = repository.commits();
    return commits.length > 0 ? commits.map((commit) => snapshotEntry(repository, commit)) : partsOf(repository);
  });
}

function snapshotEntry(repository: CachedRepository, commit: string): CachedEntry {
  const folder = repository.snapshot(commit);
  const ggufs = ggufsIn(folder);
  const missing = missingIn(folder);
  const complete = missing.length === 0 || ggufs.length > 0;
  return {
    name: repository.id,
    revision: commit,
    refs: [...repository.refs()].filter(([, at]) => at === commit).map(([name]) => name),
    path: folder,
    bytes: bytesIn(folder),
    complete,
    missing: complete ? [] : missing,
    modelType: modelTypeIn(folder),
    ggufs,
  };
}

function missingIn(folder: string): readonly string[] {
  try {
    return modelIn(folder, undefined, existsSync(join(folder, ADAPTER_CONFIG)) ? 'adapter' : 'model').missing;
  } catch {
    return ['a readable index']; // a damaged file of somebody's cache is no reason to tell nothing of the others
  }
}

function partsOf(repository: CachedRepository): CachedEntry[] {
  const blobs = join(repository.folder, 'blobs');
  const parts = existsSync(blobs) ? readdirSync(blobs) : [];
  if (parts.length === 0) return [];
  const bytes = parts.reduce((sum, name) => sum + statSync(join(blobs, name)).size, 0);
  const nothing = { revision: null, refs: [], path: null, complete: false, missing: [], modelType: null, ggufs: [] };
  return [{ name: repository.id, ...nothing, bytes }];
}

function bytesIn(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  const files = names.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  return [...new Set(files.map((path) => realpathSync(path)))].reduce((sum, path) => sum + statSync(path).size, 0);
}

function modelTypeIn(folder: string): string | null {
  try {
    const { model_type: type } = readJsonFile(join(folder, CONFIG)) as { model_type?: unknown };
    return typeof type === 'string' ? type : null;
  } catch {
    return null;
  }
}
