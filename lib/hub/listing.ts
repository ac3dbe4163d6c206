/** What the hub says of a model: the commit of a revision, and the files of a commit. */
import { z } from 'zod';
import { InputError, oneLine } from '../files/input-error';
import { cachedRepositories } from './cache';
import { isCommit, staysInside, type ModelName } from './model-name';
import { nearest } from './nearest';
import { HubError, readText, type Answer, type Asking } from './requests';
import type { HubSettings } from './settings';

/** A file as the hub lists it. Its hash is the name of its blob. */
export interface RemoteFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** sha256 of the content for large files; for others git's sha1 of a blob. */
  readonly hash: string;
}

/** Bytes of an answer of the hub's API. */
const MOST_BYTES = 64 * 2 ** 20;
const MOST_PAGES = 1000;

const infoSchema = z.looseObject({ sha: z.string().refine(isCommit) });
const treeSchema = z.array(
  z.looseObject({
    type: z.string(),
    path: z.string(),
    size: z.int().min(0).optional(),
    oid: z.string(),
    lfs: z.looseObject({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().min(0) }).optional(),
  }),
);
const namesSchema = z.array(z.looseObject({ id: z.string() }));
const refsSchema = z.looseObject({
  branches: z.array(z.looseObject({ name: z.string() })).default([]),
  tags: z.array(z.looseObject({ name: z.string() })).default([]),
});

const apiUrl = ({ endpoint }: HubSettings, path: string): URL => new URL(`${endpoint}/api/models${path}`);

/** Where a file's bytes are asked for. */
export function fileUrl({ endpoint }: HubSettings, id: string, commit: string, path: string): URL {
  return new URL(`${endpoint}/${id}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`);
}

/**
 * The commit that a revision is at.
 * @throws InputError that says why the hub does not give it
 */
export async function commitOf(name: ModelName, asking: Asking): Promise<string> {
  if (isCommit(name.revision)) return name.revision;
  const url = apiUrl(asking.settings, `/${name.id}/revision/${encodeURIComponent(name.revision)}`);
  return (await readJson(url, infoSchema, name, asking)).json.sha;
}

/** Every file of a commit. */
export async function filesOf(name: ModelName, commit: string, asking: Asking): Promise<RemoteFile[]> {
  const files: RemoteFile[] = [];
  let url: URL | undefined = apiUrl(asking.settings, `/${name.id}/tree/${commit}?recursive=true`);
  for (let pages = 0; url; pages++) {
    if (pages === MOST_PAGES) throw new HubError(`${url.host}: lists the files of ${name.id} without an end`);
    const page: { json: z.infer<typeof treeSchema>; answer: Answer } = await readJson(url, treeSchema, name, asking);
    for (const { type, path, size, oid, lfs } of page.json) {
      if (type !== 'file' || !staysInside(path)) continue;
      if (lfs) files.push({ path, size: lfs.size, hash: lfs.oid });
      else if (size !== undefined && /^[0-9a-f]{40}$/.test(oid)) files.push({ path, size, hash: oid });
    }
    url = nextPage(page.answer);
  }
  return files;
}

function nextPage({ headers, url }: Answer): URL | undefined {
  const next = /<([^>]+)>\s*;[^,]*\brel="?next"?/.exec(headers.get('link') ?? '')?.[1];
  return next !== undefined && URL.canParse(next, url.href) ? new URL(next, url) : undefined;
}

async function readJson<T>(
  url: URL,
  schema: z.ZodType<T>,
  name: ModelName,
  asking: Asking,
): Promise<{ json: T; answer: Answer }> {
  const { answer, text } = await readText(url, asking, MOST_BYTES);
  if (answer.status !== 200) throw await refusal(answer, name, asking);
  const parsed = schema.safeParse(jsonOf(text));
  if (!parsed.success)
    throw new HubError(`${url.host}: what it says of ${name.id} is not what a hub says (${url.pathname})`);
  return { json: parsed.data, answer };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Why the hub does not give what was asked of it, in a line that says what to do. */
export async function refusal({ status, headers, url }: Answer, name: ModelName, asking: Asking): Promise<Error> {
  const { settings } = asking;
  const { token, endpoint } = settings;
  const code = headers.get('x-error-code') ?? '';
  const said = oneLine(headers.get('x-error-message') ?? '');
  const page = `${endpoint}/${name.id}`;
  if (code === 'GatedRepo' && !token)
    return new InputError(
      `${name.id} is gated: accept its terms at ${page}, then set HF_TOKEN or log in with \`hf auth login\``,
    );
  if (code === 'GatedRepo')
    return new InputError(
      `${name.id} is gated, and the owner of the token from ${token?.from} has no access: ask for it at ${page}`,
    );
  if (status === 401 && token)
    return new InputError(
      `the hub refuses the token from ${token.from}${said && ` (${said})`}: it is not valid any more`,
    );
  if (status === 403)
    return new InputError(
      `the hub refuses ${name.id} to ${token ? `the token from ${token.from}` : 'those without a token'}${said && ` (${said})`}`,
    );
  if (code === 'RevisionNotFound') return new InputError(await withoutRevision(name, asking));
  if (code === 'EntryNotFound') return new InputError(`${name.id} has no file ${decodeURIComponent(url.pathname)}`);
  if (status === 404 || status === 401) {
    const secret = token ? '' : ', or it is private: set HF_TOKEN or log in with `hf auth login`';
    return new InputError(
      `the hub has no model ${name.id}${secret}${await meant(name.id, () => modelsLike(name, asking))}`,
    );
  }
  return new HubError(`${url.host} answers ${status}${said && ` (${said})`} for ${url.pathname}`);
}

/** `; did you mean ...?`, where something can be meant and the hub can be asked. */
async function meant(name: string, candidates: () => Promise<string[]>): Promise<string> {
  const near = nearest(name, await candidates().catch(() => []));
  return near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
}

async function withoutRevision(name: ModelName, asking: Asking): Promise<string> {
  const there = await revisionsOf(name, asking).catch(() => []);
  const near = nearest(name.revision, there);
  const shown = (near.length > 0 ? near : there).slice(0, 5).join(', ');
  return `${name.id} has no revision ${name.revision}${shown && `; it has ${shown}`}`;
}

async function revisionsOf({ id }: ModelName, asking: Asking): Promise<string[]> {
  const { text } = await readText(apiUrl(asking.settings, `/${id}/refs`), asking, MOST_BYTES);
  const { branches, tags } = refsSchema.parse(jsonOf(text));
  return [...branches, ...tags].map(({ name }) => name);
}

/** Models of the same owner, of that name, and in the cache. */
async function modelsLike({ id }: ModelName, asking: Asking): Promise<string[]> {
  const [owner, name] = id.split('/');
  const lists = [`?author=${encodeURIComponent(owner)}&limit=500`, `?search=${encodeURIComponent(name)}&limit=50`];
  const cached = cachedRepositories(asking.settings.cache).map(({ id }) => id);
  const found = await Promise.all(
    lists.map(async (query) => {
      const { text } = await readText(apiUrl(asking.settings, query), asking, MOST_BYTES);
      return namesSchema.parse(jsonOf(text)).map(({ id }) => id);
    }),
  );
  return [...found.flat(), ...cached];
}
