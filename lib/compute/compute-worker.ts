import { torch, type DeviceLike, type Tensor } from '../torch';
import type { LoadOptions, StreamOptions } from '../models';
import type { FinetuneResult, LatentOptions, LatentOverlap, MonitorRecord } from '../soo';
import type { StepRecord } from '../training';
import type { FinetuneArguments, FinetuneEvent, Pairs } from './finetune-job';
import type { GeneratedAnswer, GeneratedPiece } from './generate-job';
import type { ModelInfo, PromptOptions, Prompts } from './held-model';
import { Inbox } from './inbox';
import type { JOBS, LoadProgress } from './jobs';
import { RequestThread, type RequestOptions, type ThreadOptions } from './request-thread';

type Jobs = typeof JOBS;

/** Of every request. */
interface Abortable {
  /** Takes the request back: at once while it waits, within a step of its work after that. */
  signal?: AbortSignal;
}

export interface WorkerLoadOptions extends Omit<LoadOptions, 'device' | 'onProgress'>, Abortable {
  /** Where the weights go; default 'cpu'. */
  device?: DeviceLike;
  /** A PEFT folder of an adapter to put on the model. */
  adapter?: string;
  onProgress?: (progress: LoadProgress) => void;
}

/** As `models.streamGenerate` takes them; an answer also ends where the chat template ends a turn. */
export type WorkerGenerateOptions = StreamOptions & PromptOptions;

export interface WorkerCaptureOptions extends PromptOptions, Abortable {
  /** Dotted names of modules, or what they match. */
  modules: readonly string[] | RegExp;
  /** What to read: the modules' output (default) or their first argument. */
  at?: 'output' | 'input';
}

/** What modules computed for a batch of prompts, padded on the left. The tensors are the caller's to dispose of. */
export interface CapturedActivations {
  /** By the module's dotted name; [prompts, width, features] of a layer. */
  activations: Map<string, Tensor>;
  /** 1 for real tokens, 0 for pads, [prompts, width]; undefined when no prompt is padded. */
  attentionMask: Tensor | undefined;
}

export interface WorkerOverlapOptions extends LatentOptions, PromptOptions, Abortable {}

export interface WorkerFinetuneOptions extends FinetuneArguments, Abortable {
  /** After every batch; not waited for. */
  onStep?: (step: StepRecord) => void;
  /** After every measurement of `watched`. */
  onMonitor?: (record: MonitorRecord) => void;
}

/**
 * A model in a thread of its own: nothing of it is computed on the thread that asks, whose event loop stays free. Requests
 * are worked on one after the other, in the order in which they were made. They reject with what the work throws, of the
 * same class as in the thread; with the signal's reason after an abort, and the worker then goes on with the next; and with
 * an Error once the thread has ended, whatever ended it. Waiting requests keep the process alive, an idle worker does not.
 */
export class ComputeWorker implements AsyncDisposable {
  readonly #thread: RequestThread;

  constructor(options: ThreadOptions = {}) {
    this.#thread = new RequestThread(require.resolve('./thread'), options);
  }

  /**
   * Loads a model, in the place of the one before, which is freed first.
   * @param name a Hugging Face folder, a GGUF file, or a name on the hub, as `hub.resolveModel` finds it
   * @throws InputError, one line that names the file and what is wrong in it; HubError when the hub fails
   */
  async load(name: string, { signal, onProgress, device, ...options }: WorkerLoadOptions = {}): Promise<ModelInfo> {
    const { deviceMap } = options;
    const spread = typeof deviceMap === 'object' ? Object.fromEntries(Object.entries(deviceMap).map(([part, one]) => [part, nameOf(one)])) : deviceMap; // prettier-ignore
    const args = { ...options, name, device: device && nameOf(device), deviceMap: spread };
    return this.#ask('load', args, { signal, onEvent: onProgress && ((event) => onProgress(event as LoadProgress)) });
  }

  /**
   * Puts the adapter of a PEFT folder on the model, in the place of the one before; null: takes it off.
   * @throws InputError for a folder that holds none that fits; the model then has no adapter
   */
  useAdapter(folder: string | null, { signal }: Abortable = {}): Promise<void> {
    return this.#ask('useAdapter', folder, { signal });
  }

  /** Token ids of texts, as the model gets them. @throws InputError for texts that cannot be encoded */
  encode(prompts: readonly string[], { signal, ...options }: PromptOptions & Abortable = {}): Promise<number[][]> {
    return this.#ask('encode', { prompts, ...options }, { signal });
  }

  /**
   * Continues prompts: `models.generate`, with the same tokens.
   * @returns the answers in the prompts' order
   * @throws RangeError for an empty prompt or numbers that make no sense, InputError for texts that cannot be encoded
   */
  generate(prompts: Prompts, { signal, ...options }: WorkerGenerateOptions): Promise<GeneratedAnswer[]> {
    return this.#ask('generate', { ...options, prompts, streams: false }, { signal });
  }

  /**
   * Continues prompts and hands out every new token as it comes: `models.streamGenerate`. The request is made when the
   * first is asked for; leaving the loop takes it back.
   *
   *     for await (const { text } of worker.streamGenerate([prompt], { maxNewTokens: 75 })) response.write(text);
   */
  async *streamGenerate(
    prompts: Prompts,
    { signal, ...options }: WorkerGenerateOptions,
  ): AsyncGenerator<GeneratedPiece, void, undefined> {
    const left = new AbortController();
    const inbox = new Inbox<GeneratedPiece>();
    const done = this.#ask(
      'generate',
      { ...options, prompts, streams: true },
      {
        signal: signal ? AbortSignal.any([signal, left.signal]) : left.signal,
        onEvent: (pieces) => inbox.put(pieces as GeneratedPiece[]),
      },
    );
    inbox.closeAfter(done);
    try {
      yield* inbox.items();
    } finally {
      left.abort();
      await done.catch(() => undefined);
    }
  }

  /**
   * What modules compute for prompts, in evaluation mode and without a graph. The tensors lie in the memory in which they
   * were computed: nothing is copied.
   * @throws RangeError for a module that the model has not
   */
  async capture(prompts: Prompts, { signal, ...options }: WorkerCaptureOptions): Promise<CapturedActivations> {
    const { activations, attentionMask } = await this.#ask('capture', { ...options, prompts }, { signal });
    return {
      activations: new Map(activations.map(([name, ticket]) => [name, torch.receive(ticket).keep()])),
      attentionMask: attentionMask && torch.receive(attentionMask).keep(),
    };
  }

  /** How differently the model computes for the two sides of pairs: `soo.latentOverlap`, with the same numbers. */
  latentOverlap(pairs: Pairs, { signal, onPair, ...options }: WorkerOverlapOptions = {}): Promise<LatentOverlap> {
    const onEvent = onPair && ((done: unknown): void => onPair(done as number));
    return this.#ask('latentOverlap', { ...options, pairs }, { signal, onEvent });
  }

  /**
   * Fine-tunes an adapter into a folder: `soo.finetune`, with the same bytes. After an abort the folder holds a checkpoint,
   * from which `resume: true` goes on. The model is left without the adapter; `useAdapter(folder)` puts it on.
   * @throws InputError as `soo.finetune` does, and for a model that has an adapter on; NonFiniteError for NaN
   */
  finetune({ signal, onStep, onMonitor, ...options }: WorkerFinetuneOptions): Promise<FinetuneResult> {
    const onEvent = (event: unknown): void => {
      const told = event as FinetuneEvent;
      if ('step' in told) onStep?.(told.step);
      else onMonitor?.(told.monitor);
    };
    return this.#ask('finetune', options, { signal, onEvent });
  }

  /** Tensors that the thread holds, and the bytes of their distinct storages. */
  memory({ signal }: Abortable = {}): Promise<{ tensors: number; bytes: number }> {
    return this.#ask('memory', undefined, { signal });
  }

  /**
   * Ends the thread: what is being worked on is stopped within a step (fine-tuning saves), and what waits is rejected.
   * Resolves when the thread has ended.
   */
  close(): Promise<void> {
    return this.#thread.close();
  }

  /** Closes without waiting for the end. */
  [Symbol.dispose](): void {
    void this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #ask<Name extends keyof Jobs>(
    name: Name,
    args: Parameters<Jobs[Name]>[1],
    options: RequestOptions,
  ): Promise<Awaited<ReturnType<Jobs[Name]>>> {
    return this.#thread.ask(name, args, options) as Promise<Awaited<ReturnType<Jobs[Name]>>>;
  }
}

/** On the way to the thread a device would lose its class. */
const nameOf = (device: DeviceLike): DeviceLike => String(device) as DeviceLike;

/** A worker that computes beside this thread; it holds no model until `load`. */
export const worker = (options: ThreadOptions = {}): ComputeWorker => new ComputeWorker(options);
