/** A model from the hub into the cache: listed, fetched, checked, and only then seen as a snapshot. */
import { statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lockWhenFree } from '../files/folders';
import { InputError, messageOf } from '../files/input-error';
import { CachedRepository, type CachedModel } from './cache';
import { commitOf, filesOf, fileUrl, refusal, type RemoteFile } from './listing';
import type { ModelName } from './model-name';
import type { Asking } from './requests';
import { bytesLeft, fetchBlob } from './transfer';
import { CONFIG, INDEX, shardsOf, wantedFiles, type ModelPart } from './wanted-files';

/** How far a download is. */
export interface DownloadProgress {
  /** The file that is being fetched. */
  readonly file: string;
  /** Bytes of all files that are there. */
  readonly done: number;
  /** Bytes of all files; grows once the index of the weights has told of them. */
  readonly total: number;
}

export interface DownloadOptions extends Asking {
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Another process is fetching the same model, and is waited for. */
  readonly onWait?: (pid: number) => void;
  /** Without its weights where a tokenizer is all that is wanted. */
  readonly part?: ModelPart;
  /** Looks at config.json before the weights are fetched; what it throws ends the download. */
  readonly checkConfig?: (path: string) => void;
}

/**
 * Fetches what a model needs of the commit that its revision is at now. What is there is not fetched again.
 * @returns where it is, and how many bytes were fetched for it
 */
export async function download(name: ModelName, options: DownloadOptions): Promise<CachedModel & { fetched: number }> {
  const { settings, signal, onWait } = options;
  const commit = await commitOf(name, options);
  const repository = new CachedRepository(settings.cache, name.id);
  using _lock = await lockedFor(repository, { signal, onWait });
  const found = await fetchAll(repository, { ...name, revision: commit }, options);
  repository.setRef(name.revision, commit);
  return found;
}

async function lockedFor(
  { lock, cache }: CachedRepository,
  options: Pick<DownloadOptions, 'signal' | 'onWait'>,
): Promise<Disposable> {
  try {
    return await lockWhenFree(lock, options);
  } catch (thrown) {
    if (options.signal?.aborted || !(thrown as NodeJS.ErrnoException).code) throw thrown;
    throw new InputError(`${cache}: cannot be written to (${messageOf(thrown)}); HF_HUB_CACHE names another folder`);
  }
}

/** @param name with the commit as its revision */
async function fetchAll(
  repository: CachedRepository,
  name: ModelName,
  options: DownloadOptions,
): Promise<CachedModel & { fetched: number }> {
  const commit = name.revision;
  const listed = new Map((await filesOf(name, commit, options)).map((file) => [file.path, file]));
  const { small, weights } = wantedFiles([...listed.keys()], name, options.part);
  const fetching = new Fetching(repository, name, options);
  await fetching.fetch(small.map((path) => requireListed(listed, path, name)));
  if (small.includes(CONFIG)) options.checkConfig?.(fetching.blobOf(CONFIG));
  const large = weights ?? shardsOf(fetching.blobOf(INDEX));
  await fetching.fetch(large.map((path) => requireListed(listed, path, name)));
  repository.link(commit, fetching.hashes);
  const gguf = small.length === 0 ? large[0] : undefined;
  const path = join(repository.snapshot(commit), gguf ?? '.');
  return { path, revision: commit, gguf, fetched: fetching.fetched };
}

function requireListed(listed: ReadonlyMap<string, RemoteFile>, path: string, { id }: ModelName): RemoteFile {
  const file = listed.get(path);
  if (!file) throw new InputError(`${id}: ${INDEX} names ${path}, which the repository does not have`);
  return file;
}

/** A machine that went down may have left a blob of another size. */
const isWhole = (blob: string, { size }: RemoteFile): boolean =>
  statSync(blob, { throwIfNoEntry: false })?.size === size;

/** The files of one download, one after the other. */
class Fetching {
  /** By path, in the order in which they came: the weights are last. */
  readonly hashes = new Map<string, string>();
  fetched = 0;
  #done = 0;
  #total = 0;

  constructor(
    private readonly repository: CachedRepository,
    private readonly name: ModelName,
    private readonly options: DownloadOptions,
  ) {}

  blobOf(path: string): string {
    return this.repository.blob(this.hashes.get(path) ?? '');
  }

  async fetch(files: readonly RemoteFile[]): Promise<void> {
    for (const { size } of files) this.#total += size;
    await this.#requireSpace(files);
    for (const file of files) {
      const blob = this.repository.blob(file.hash);
      if (!isWhole(blob, file)) await this.#fetchOne(file, blob);
      this.hashes.set(file.path, file.hash);
      this.#done += file.size;
      this.#tell(file, 0);
    }
  }

  async #fetchOne(file: RemoteFile, blob: string): Promise<void> {
    const { name, options } = this;
    const url = fileUrl(options.settings, name.id, name.revision, file.path);
    const left = await bytesLeft(blob, file);
    await fetchBlob(file, url, blob, {
      ...options,
      onBytes: (bytes) => this.#tell(file, bytes),
      refused: (answer) => refusal(answer, name, options),
    });
    this.fetched += file.size - left;
  }

  #tell({ path }: RemoteFile, bytes: number): void {
    this.options.onProgress?.({ file: path, done: this.#done + bytes, total: this.#total });
  }

  /** @throws InputError before the first byte, rather than at the last */
  async #requireSpace(files: readonly RemoteFile[]): Promise<void> {
    let needed = 0;
    for (const file of files) {
      const blob = this.repository.blob(file.hash);
      if (!isWhole(blob, file)) needed += file.size - (await bytesLeft(blob, file));
    }
    const { bavail, bsize } = statfsSync(this.repository.cache);
    if (needed <= bavail * bsize) return;
    throw new InputError(
      `${this.repository.cache}: ${this.name.id} needs ${needed} bytes more, and ${bavail * bsize} are free; HF_HUB_CACHE names another folder`,
    );
  }
}
