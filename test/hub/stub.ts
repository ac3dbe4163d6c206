/** A hub on this machine, as far as models are fetched from one, which misbehaves where a test wants it to. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the hub holds of a model. */
export interface StubModel {
  files: Record<string, string | Buffer>;
  /** The commit of `main`. */
  commit: string;
  /** Further branches and tags, at the same commit. */
  refs?: string[];
  /** Refused to whoever has no token, and to the owner of any but this one. */
  gatedFor?: string;
}

/** What goes wrong with one request. */
export interface Fault {
  /** Answers so instead, with these headers. */
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Cuts the connection after so many bytes of the body. */
  cutAfter?: number;
  /** Announces so many bytes. */
  length?: number;
  /** Gives the whole file, whatever part was asked for. */
  ignoresRange?: boolean;
  /** Gives at most so many bytes of the part that was asked for. */
  shortRange?: number;
  /** Says this of the part that it gives. */
  contentRange?: string;
  /** Begins the answer and says nothing more. */
  silent?: boolean;
  /** Pauses in milliseconds between pieces of 64 kB. */
  slow?: number;
}

/** A request, as a fault is chosen for it. */
export interface Asked {
  host: 'hub' | 'store';
  path: string;
  range: string | undefined;
  authorization: string | undefined;
  /** How often this path was asked for before. */
  before: number;
}

const LARGE = /\.(safetensors|gguf|model)$/;
const SLOW_PIECE = 65_536;

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
export const gitSha1 = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

export class HubStub {
  readonly asked: Asked[] = [];
  /** What goes wrong; nothing by default. */
  fault: (asked: Asked) => Fault | undefined = () => undefined;
  /** Of the listing: what it says in the place of the truth. */
  lies: Record<string, { size?: number; oid?: string }> = {};
  /** Entries in a page of a listing. */
  pageSize = 1000;
  readonly #servers: Server[] = [];
  #hub = '';
  #store = '';

  constructor(readonly models: Record<string, StubModel>) {}

  /** Where the hub is. */
  get endpoint(): string {
    return this.#hub;
  }

  async start(): Promise<this> {
    this.#hub = await this.#listen('hub');
    this.#store = await this.#listen('store');
    return this;
  }

  async #listen(host: Asked['host']): Promise<string> {
    const server = createServer((request, response) => void this.#answer(host, request, response));
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  stop(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  /** How often a path was asked for. */
  count(path: RegExp): number {
    return this.asked.filter((one) => path.test(one.path)).length;
  }

  async #answer(host: Asked['host'], request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { range, authorization } = request.headers;
    const path = decodeURIComponent(request.url ?? '/');
    const asked = { host, path, range, authorization, before: this.asked.filter((one) => one.path === path).length };
    this.asked.push(asked);
    const fault = this.fault(asked) ?? {};
    const isHead = request.method === 'HEAD';
    if (fault.status !== undefined) return void response.writeHead(fault.status, fault.headers).end(fault.body);
    const [, id, commit, file] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (host === 'store') return this.#give(response, this.#contentOf(path.slice(1)), range, fault);
    if (path.startsWith('/api/models')) return this.#api(response, path, asked, fault);
    const model = this.models[id ?? ''];
    const refused =
      this.#refusal(model, asked) ?? (file in model.files ? undefined : (['EntryNotFound', 404] as const));
    if (refused) return refuse(response, ...refused);
    const content = Buffer.from(model.files[file]);
    const large = LARGE.test(file);
    const etag = large ? sha256(content) : gitSha1(content);
    response.setHeader('x-repo-commit', commit === 'main' ? model.commit : commit);
    if (!large) {
      response.setHeader('etag', `"${etag}"`);
      return this.#give(response, content, range, fault, isHead);
    }
    response.setHeader('x-linked-etag', `"${etag}"`);
    response.setHeader('x-linked-size', content.length);
    response.writeHead(302, { location: `${this.#store}/${etag}` }).end();
  }

  #contentOf(hash: string): Buffer {
    const all = Object.values(this.models).flatMap(({ files }) =>
      Object.values(files).map((file) => Buffer.from(file)),
    );
    return all.find((content) => sha256(content) === hash) ?? Buffer.alloc(0);
  }

  #refusal(model: StubModel | undefined, { authorization }: Asked): readonly [string, number] | undefined {
    const token = authorization?.replace('Bearer ', '');
    if (token === 'expired') return ['', 401];
    if (!model) return ['RepoNotFound', token === undefined ? 401 : 404];
    if (model.gatedFor === undefined || model.gatedFor === token) return undefined;
    return ['GatedRepo', token === undefined ? 401 : 403];
  }

  #api(response: ServerResponse, path: string, asked: Asked, fault: Fault): void {
    const json = (value: unknown): void =>
      void this.#give(response, Buffer.from(JSON.stringify(value)), undefined, fault);
    const { pathname, searchParams } = new URL(path, this.#hub);
    if (pathname === '/api/models') {
      const [author, search] = [searchParams.get('author'), searchParams.get('search')];
      const fits = (id: string): boolean => (author ? id.startsWith(`${author}/`) : id.includes(search ?? ''));
      return json(Object.keys(this.models).filter(fits).map((id) => ({ id }))); // prettier-ignore
    }
    const [, id, what, of] =
      /^\/api\/models\/([^/]+\/[^/]+)(?:\/(revision|tree|refs))?(?:\/(.+))?$/.exec(pathname) ?? [];
    const model = this.models[id ?? ''];
    // As the real hub does: what is gated can be listed, and its files are refused.
    const refused = model?.gatedFor === undefined || asked.authorization === 'Bearer expired' ? this.#refusal(model, asked) : undefined; // prettier-ignore
    if (refused) return refuse(response, ...refused);
    const revisions = ['main', model.commit, ...(model.refs ?? [])];
    if (of !== undefined && !revisions.includes(of)) return refuse(response, 'RevisionNotFound', 404);
    if (what === 'refs') {
      const named = (name: string) => ({ name, ref: `refs/heads/${name}`, targetCommit: model.commit });
      return json({ branches: ['main', ...(model.refs ?? [])].map(named), tags: [], converts: [] });
    }
    if (what !== 'tree') return json({ id, sha: model.commit, siblings: [], tags: [], private: false });
    const entries = this.#tree(model);
    const from = Number(searchParams.get('cursor') ?? 0);
    const next = from + this.pageSize;
    if (next < entries.length) {
      response.setHeader('link', `<${this.#hub}${pathname}?recursive=true&cursor=${next}>; rel="next"`);
    }
    json(entries.slice(from, next));
  }

  #tree({ files }: StubModel): object[] {
    const folders = new Set(Object.keys(files).flatMap((path) => (path.includes('/') ? [path.split('/')[0]] : [])));
    return [
      ...[...folders].map((path) => ({ type: 'directory', oid: '0'.repeat(40), size: 0, path })),
      ...Object.entries(files).map(([path, text]) => {
        const content = Buffer.from(text);
        const { size = content.length, oid } = this.lies[path] ?? {};
        if (!LARGE.test(path)) return { type: 'file', path, size, oid: oid ?? gitSha1(content) };
        const pointer = gitSha1(Buffer.from(`pointer to ${sha256(content)}`));
        const lfs = { oid: oid ?? sha256(content), size, pointerSize: 134 };
        return { type: 'file', path, size, oid: pointer, lfs };
      }),
    ];
  }

  /** Gives bytes, or the part of them that was asked for, as far as nothing goes wrong. */
  #give(response: ServerResponse, whole: Buffer, range: string | undefined, fault: Fault, isHead = false): void {
    let content = whole;
    let status = 200;
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (start > 0 && !fault.ignoresRange) {
      if (start >= whole.length) return void response.writeHead(416).end();
      content = whole.subarray(start, fault.shortRange === undefined ? undefined : start + fault.shortRange);
      status = 206;
      const said = `bytes ${start}-${start + content.length - 1}/${whole.length}`;
      response.setHeader('content-range', fault.contentRange ?? said);
    }
    response.writeHead(status, { 'content-length': fault.length ?? content.length, ...fault.headers });
    if (isHead) return void response.end();
    if (fault.silent) return void response.write(content.subarray(0, 1));
    if (fault.slow !== undefined) return void this.#giveSlowly(response, content, fault.slow);
    if (fault.cutAfter === undefined) return void response.end(content);
    response.write(content.subarray(0, fault.cutAfter), () => setTimeout(() => response.socket?.destroy(), 20));
  }

  async #giveSlowly(response: ServerResponse, content: Buffer, pause: number): Promise<void> {
    for (let at = 0; at < content.length && !response.destroyed; at += SLOW_PIECE) {
      response.write(content.subarray(at, at + SLOW_PIECE));
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    response.end();
  }
}

function refuse(response: ServerResponse, code: string, status: number): void {
  const message = code === '' ? 'Invalid credentials in Authorization header' : `${code} it is`;
  response.writeHead(status, { ...(code && { 'x-error-code': code }), 'x-error-message': message }).end();
}
