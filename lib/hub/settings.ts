/** Where the hub and its cache are, from the variables of the environment that Python's huggingface_hub reads. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { InputError, shown } from '../files/input-error';

export interface HubSettings {
  /** Folder of `models--ORG--NAME`. */
  readonly cache: string;
  /** Address of the hub, without a slash at its end. */
  readonly endpoint: string;
  /** Sent to the endpoint and to nobody else; `from` says where it was found, for messages. */
  readonly token: { readonly value: string; readonly from: string } | undefined;
  /** Nothing is asked of the hub. */
  readonly offline: boolean;
  /** How long nothing may come before a connection is given up. */
  readonly stallMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_STALL_SECONDS = 10;

const isTrue = (value: string | undefined): boolean => /^(?:1|on|yes|true)$/i.test(value ?? '');

/** `~` and `$VARIABLES`, which a shell may have left in a path. */
function expanded(path: string, env: Environment): string {
  const home = env.HOME || homedir();
  return path
    .replace(/^~(?=\/|$)/, home)
    .replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, plain?: string, braced?: string) => env[plain ?? braced ?? ''] ?? whole);
}

/**
 * Reads HF_HOME, HF_HUB_CACHE, XDG_CACHE_HOME, HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HUB_OFFLINE and their older
 * names, as huggingface_hub 2.4 does.
 * @throws InputError for an endpoint that is no address
 */
export function hubSettings(env: Environment = process.env): HubSettings {
  const caches = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
  const home = expanded(env.HF_HOME || join(caches, 'huggingface'), env);
  const seconds = Number(env.HF_HUB_DOWNLOAD_TIMEOUT);
  return {
    cache: expanded(env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, 'hub'), env),
    endpoint: endpointOf(env.HF_ENDPOINT || 'https://huggingface.co'),
    token: tokenOf(env, home),
    offline: isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
    stallMs: 1000 * (seconds > 0 ? seconds : DEFAULT_STALL_SECONDS),
  };
}

function endpointOf(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InputError(`HF_ENDPOINT ${shown(text)}: wanted the address of a hub, such as https://huggingface.co`);
  return text.replace(/\/+$/, '');
}

function tokenOf(env: Environment, home: string): HubSettings['token'] {
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  for (const from of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    const value = env[from]?.trim();
    if (value) return { value, from };
  }
  const from = expanded(env.HF_TOKEN_PATH || join(home, 'token'), env);
  try {
    const value = readFileSync(from, 'utf8').trim();
    return value ? { value, from } : undefined;
  } catch {
    return undefined; // nobody has logged in
  }
}
