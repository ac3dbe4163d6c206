/**
 * Any endpoint that speaks OpenAI's chat completions, asked until it answers: what is wrong with one answer (a timeout, a
 * limit, a cut or malformed body) is asked again, what is wrong with all (no access, no such model) is not.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type OpenAI from 'openai';
import { z } from 'zod';
import { messageOf } from '../../files/input-error';
import { optionalPackage } from '../../files/optional-packages';

export interface EndpointOptions {
  /** Such as `https://api.openai.com/v1`. */
  baseUrl: string;
  apiKey?: string;
  /** Of one request, its whole body included. Default 120. */
  timeoutSeconds?: number;
  /** How often one request is asked again. Waiting for a rate limit counts as a tenth. Default 8. */
  retries?: number;
  /** Before the first time; doubles each time, up to a minute. Default 1. What the endpoint says itself counts more. */
  firstWaitSeconds?: number;
  /** Ends everything; its reason is thrown. */
  signal?: AbortSignal;
  /** Told of what went wrong and is asked again, and in how many seconds. */
  onRetry?: (why: string, seconds: number) => void;
}

/** What is asked, in the words of the endpoint. */
export interface CompletionRequest {
  model: string;
  messages: { role: 'system' | 'user'; content: string }[];
  temperature?: number;
  max_tokens?: number;
  n?: number;
}

export interface Completion {
  text: string;
  /** As the endpoint counts them; null where it does not. */
  usage: { prompt_tokens: number; completion_tokens: number } | null;
}

/** One request got no answer, for all that it was asked again; others may. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
}

/** The endpoint answers nobody, or not us: asking goes on in vain. */
export class NoAccess extends Error {
  override name = 'NoAccess';
}

const MOST_SECONDS = 60;
/** No limit is waited for longer at once. */
const MOST_LIMIT_SECONDS = 600;
const NO_ACCESS = [401, 403, 404];
const ASKED_WRONG = [400, 405, 413, 415, 422];

const completionSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().min(1) }) })).min(1),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
});

export class Endpoint {
  // Its type is the package's, which may not be there: a private name keeps it out of the declarations.
  readonly #client: OpenAI;
  readonly #options: Required<Omit<EndpointOptions, 'signal' | 'onRetry' | 'apiKey'>> & EndpointOptions;
  /** A limit that one request meets holds for all. */
  #notBefore = 0;

  constructor(options: EndpointOptions) {
    this.#options = { timeoutSeconds: 120, retries: 8, firstWaitSeconds: 1, ...options };
    const client = optionalPackage('a judge behind an endpoint', ['openai'], () => require('openai') as typeof import('openai')); // prettier-ignore
    this.#client = new client.OpenAI({
      baseURL: options.baseUrl,
      apiKey: options.apiKey ?? 'none',
      timeout: 2 ** 31 - 1, // ours covers the body too
      maxRetries: 0,
      logLevel: 'off',
    });
  }

  /**
   * @throws NoAnswer after too many tries, or for a request that the endpoint refuses; NoAccess for an endpoint that
   * refuses all; the signal's reason
   */
  async complete(request: CompletionRequest): Promise<Completion> {
    const { retries, firstWaitSeconds, signal, onRetry } = this.#options;
    for (let tries = 0, wait = firstWaitSeconds; ;) {
      await this.#waitForLimit();
      try {
        return await this.#ask(request);
      } catch (thrown) {
        signal?.throwIfAborted();
        const { why, isLimit, seconds } = this.#whatFailed(thrown);
        tries += isLimit ? 0.1 : 1;
        if (tries > retries) throw new NoAnswer(why, { cause: thrown });
        const pause = seconds ?? wait * (0.5 + Math.random() / 2);
        wait = Math.min(2 * wait, MOST_SECONDS);
        onRetry?.(why, pause);
        if (isLimit) this.#notBefore = Math.max(this.#notBefore, Date.now() + 1000 * pause);
        else await this.#sleep(1000 * pause);
      }
    }
  }

  async #ask(request: CompletionRequest): Promise<Completion> {
    const { timeoutSeconds, signal } = this.#options;
    const timeout = AbortSignal.timeout(1000 * timeoutSeconds);
    try {
      const response = await this.#client.chat.completions.create(request, {
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      const parsed = completionSchema.safeParse(response);
      if (!parsed.success) throw new Error('the answer is malformed');
      const { choices, usage } = parsed.data;
      return { text: choices[0].message.content, usage: usage ?? null };
    } catch (thrown) {
      throw timeout.aborted && !signal?.aborted ? new Error(`no answer within ${timeoutSeconds} s`) : thrown;
    }
  }

  #whatFailed(thrown: unknown): { why: string; isLimit: boolean; seconds?: number } {
    const { status, headers, code } = thrown as { status?: number; headers?: Headers; code?: string };
    const why = messageOf(thrown);
    // Money that is used up does not come back in a while.
    if (status !== undefined && (NO_ACCESS.includes(status) || code === 'insufficient_quota'))
      throw new NoAccess(why, { cause: thrown });
    if (status !== undefined && ASKED_WRONG.includes(status)) throw new NoAnswer(why, { cause: thrown });
    return { why, isLimit: status === 429, seconds: status === undefined ? undefined : retryAfter(headers) };
  }

  async #waitForLimit(): Promise<void> {
    while (Date.now() < this.#notBefore) await this.#sleep(this.#notBefore - Date.now());
  }

  async #sleep(ms: number): Promise<void> {
    const { signal } = this.#options;
    await delay(ms, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}

/** Seconds that the endpoint wants us to wait: a number, or until a date. */
function retryAfter(headers: Headers | undefined): number | undefined {
  const ms = Number(headers?.get('retry-after-ms') ?? NaN);
  const after = headers?.get('retry-after') ?? '';
  const seconds = ms >= 0 ? ms / 1000 : /^\d+(\.\d+)?$/u.test(after) ? Number(after) : (Date.parse(after) - Date.now()) / 1000; // prettier-ignore
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(0, seconds), MOST_LIMIT_SECONDS);
}
