/** Requests to the hub: redirects, the token, silence, answers that ask for patience. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../files/input-error';
import type { HubSettings } from './settings';

/** The hub or the way to it failed, through no fault of what was asked. */
export class HubError extends Error {
  override name = 'HubError';
}

/** A failure that may be gone at the next try. */
export class Transient extends HubError {
  constructor(
    message: string,
    /** How long the server asks to wait. */
    readonly waitMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const MOST_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];
/** Answers that may be others at the next try. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];
/** Of a transfer; a question that nobody answers is not worth as many. */
const TRIES = 5;
const QUESTION_TRIES = 3;
const FIRST_PAUSE_MS = 500;
/** Whoever asks for more is not waited for. */
const LONGEST_PAUSE_MS = 300_000;

export interface Asking {
  readonly settings: HubSettings;
  readonly signal?: AbortSignal;
  /** Before the second try, in milliseconds; doubled at each. Default 500. */
  readonly pauseMs?: number;
}

/** Counts failures in a row, and waits longer after each. */
export class Patience {
  #failures = 0;

  constructor(
    private readonly asking: Pick<Asking, 'signal' | 'pauseMs'>,
    private readonly tries = TRIES,
  ) {}

  /** What failed has come further than ever since. */
  reset(): void {
    this.#failures = 0;
  }

  /**
   * Waits before the next try.
   * @throws what failed, when it is not transient or has failed too often; the signal's reason
   */
  async after(failure: unknown): Promise<void> {
    const { signal, pauseMs = FIRST_PAUSE_MS } = this.asking;
    signal?.throwIfAborted();
    if (!(failure instanceof Transient)) throw failure;
    if (++this.#failures >= this.tries)
      throw new HubError(`${failure.message} (${this.tries} times)`, { cause: failure });
    const pause = failure.waitMs ?? pauseMs * 2 ** (this.#failures - 1);
    if (pause > LONGEST_PAUSE_MS)
      throw new HubError(`${failure.message}; it asks to wait ${Math.round(pause / 1000)} seconds`, { cause: failure });
    try {
      await delay(pause, undefined, { signal });
    } catch {
      signal?.throwIfAborted();
    }
  }
}

/** An answer whose body is read with {@link Answer.chunks}, and which is closed in the end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Where it came from, after redirects. */
  readonly url: URL;
  /** The body piece by piece; Transient when it is cut off, or when nothing comes for too long. */
  chunks(): AsyncGenerator<Uint8Array>;
  close(): void;
}

/**
 * One request, through redirects. The token goes to the hub's own address alone.
 * @throws Transient when there is no answer, or one that may be another next time; the signal's reason
 */
export async function send(url: URL, asking: Asking, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const { settings, signal } = asking;
  const watch = new SilenceWatch(settings.stallMs, signal);
  try {
    const { response, at } = await followed(url, settings, { headers, signal: watch.signal });
    if (PASSING.includes(response.status)) {
      throw new Transient(`${at.host} answers ${statusText(response)}`, retryAfter(response.headers));
    }
    return {
      status: response.status,
      headers: response.headers,
      url: at,
      chunks: () => chunksOf(response, at, watch),
      close: () => watch.end(),
    };
  } catch (thrown) {
    watch.end();
    throw watch.explained(thrown, url);
  }
}

async function followed(
  url: URL,
  settings: HubSettings,
  { headers, signal }: { headers: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<{ response: Response; at: URL }> {
  const hub = new URL(settings.endpoint);
  let at = url;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    // Compressed bytes could not be gone on from in the middle.
    const own = new Headers({ 'accept-encoding': 'identity', 'user-agent': 'soo-torch', ...headers });
    if (settings.token && at.origin === hub.origin) own.set('authorization', `Bearer ${settings.token.value}`);
    const response = await fetch(at, { redirect: 'manual', headers: own, signal });
    const location = response.headers.get('location');
    if (!REDIRECTS.includes(response.status) || location === null) return { response, at };
    await response.body?.cancel();
    at = redirected(location, at);
  }
  throw new HubError(`${url.host}: more than ${MOST_REDIRECTS} redirects from ${url.pathname}`);
}

function redirected(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) throw new HubError(`${from.host}: redirects to what is no address`);
  const to = new URL(location, from);
  const isFine = to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');
  if (!isFine)
    throw new HubError(`${from.host}: redirects from ${from.protocol}// to ${to.protocol}//, which is refused`);
  return to;
}

async function* chunksOf(response: Response, at: URL, watch: SilenceWatch): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      watch.heard();
      yield chunk;
    }
  } catch (thrown) {
    throw watch.explained(thrown, at);
  }
}

/** Ends a connection on which nothing comes, and one that the caller's signal ends. */
class SilenceWatch {
  readonly #controller = new AbortController();
  readonly #silence: Transient;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly milliseconds: number,
    private readonly caller?: AbortSignal,
  ) {
    this.#silence = new Transient(`nothing came for ${milliseconds / 1000} seconds`);
    caller?.addEventListener('abort', this.#abort);
    if (caller?.aborted) this.#abort();
    this.heard();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly #abort = (): void => this.#controller.abort(this.caller?.reason);

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(this.#silence), this.milliseconds);
  }

  /** Closes the connection, whatever is left to come. */
  end(): void {
    clearTimeout(this.#timer);
    this.caller?.removeEventListener('abort', this.#abort);
    this.#controller.abort();
  }

  /** What went wrong, in a line that names the host. */
  explained(thrown: unknown, { host }: URL): unknown {
    if (this.caller?.aborted) return this.caller.reason;
    if (this.signal.reason === this.#silence) return new Transient(`${host}: ${this.#silence.message}`);
    if (thrown instanceof HubError) return thrown;
    return new Transient(`${host}: ${reasonOf(thrown)}`, undefined, { cause: thrown });
  }
}

/** `fetch failed` says nothing; what it holds does. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? (thrown.cause as (Error & { code?: unknown }) | undefined) : undefined;
  if (cause?.code === 'ECONNREFUSED') return 'refuses the connection';
  if (cause?.code === 'ENOTFOUND' || cause?.code === 'EAI_AGAIN') return 'its address is not known here';
  return messageOf(cause?.message ? cause : thrown);
}

const statusText = ({ status, statusText }: Response): string => `${status} ${statusText}`.trim();

/** Milliseconds of a Retry-After header: seconds, or a date. */
function retryAfter(headers: Headers): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  const milliseconds = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}

/** The whole body as text, with what is asked again where that may help. */
export async function readText(url: URL, asking: Asking, most: number): Promise<{ answer: Answer; text: string }> {
  const patience = new Patience(asking, QUESTION_TRIES);
  for (;;) {
    try {
      const answer = await send(url, asking);
      try {
        return { answer, text: await wholeText(answer, most) };
      } finally {
        answer.close();
      }
    } catch (thrown) {
      await patience.after(thrown);
    }
  }
}

async function wholeText(answer: Answer, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.chunks()) {
    chunks.push(chunk);
    if ((bytes += chunk.length) > most)
      throw new HubError(`${answer.url.host}: more than ${most} bytes of ${answer.url.pathname}`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
