/** The model of --model: a path, or a name that is fetched where the cache has it not. */
import { InputError } from '../files/input-error';
import {
  fetchModel,
  hubSettings,
  resolveModel,
  type DownloadProgress,
  type ResolvedModel,
  type ResolveOptions,
} from '../hub';
// Straight from its folder: the index loads the addon.
import { readConfigFile } from '../models/families';
import { interruptible } from './interrupts';
import { say } from './output';
import { startBytes, type ByteProgress } from './progress';

/** What --model takes, for its help. */
export const MODEL_HELP =
  'Hugging Face folder, GGUF file, or name on the hub: ORG/NAME, ORG/NAME@REVISION, ORG/NAME:FILE.gguf';

/** Finds the model, and fetches it where need be; Ctrl-C keeps what has come. */
export const namedModel = (model: string): Promise<ResolvedModel> =>
  find('--model', model, { checkConfig: readConfigFile });

/** The same for its tokenizer alone: no weights are fetched for it. */
export const namedTokenizer = (model: string): Promise<ResolvedModel> => find('--model', model, { part: 'tokenizer' });

/** The adapter of --adapter: a folder, or a name. */
export const namedAdapter = (adapter: string): Promise<ResolvedModel> =>
  find('--adapter', adapter, { part: 'adapter' });

async function find(option: string, model: string, what: ResolveOptions): Promise<ResolvedModel> {
  try {
    return await withProgress(model, (options) => resolveModel(model, { ...options, ...what }));
  } catch (thrown) {
    throw thrown instanceof InputError ? new InputError(`${option} ${thrown.message}`, { cause: thrown }) : thrown;
  }
}

/** Brings the cache to the newest commit of a name. */
export const newestModel = (name: string): ReturnType<typeof fetchModel> =>
  withProgress(name, (options) => fetchModel(name, options));

/** What a record says of the model; nothing of a path, whose files are hashed. */
export function recordedModel({ name, revision }: ResolvedModel): { model?: { name: string; revision: string } } {
  return name === undefined || revision === undefined ? {} : { model: { name, revision } };
}

function withProgress<T>(name: string, look: (options: ResolveOptions) => Promise<T>): Promise<T> {
  const work = async (signal: AbortSignal, listen: () => void): Promise<T> => {
    let progress: ByteProgress | undefined;
    const onProgress = ({ file, done, total }: DownloadProgress): void => {
      listen();
      progress ??= startBytes(`fetch ${name}`);
      progress.update(done, total, file);
    };
    const onWait = (pid: number): void => {
      listen();
      say(`waiting for process ${pid}, which is fetching ${name}`);
    };
    try {
      return await look({ signal, onProgress, onWait });
    } finally {
      progress?.stop();
    }
  };
  return interruptible(work, {
    notice: 'ending the download; press again to quit now',
    kept: `what has come of ${name} is kept in ${hubSettings().cache}; the same command goes on from there`,
  });
}
