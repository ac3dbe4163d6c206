/** What a compute worker's thread can be asked to do, by name. Arguments and results are plain data. */
import { resolveModel } from '../hub';
import { loadModel, padLeft, readConfigFile, type LoadOptions } from '../models';
import { capture as captureModules, inMode, type CaptureOptions } from '../nn';
import { latentOverlap as measureOverlap, type LatentOptions, type LatentOverlap } from '../soo';
import { torch, type Ticket } from '../torch';
import { finetune, tokenPairsOf, type Pairs } from './finetune-job';
import type { HeldModel, ModelInfo, PromptOptions, Prompts } from './held-model';
import { generate } from './generate-job';
import type { Running } from './serve-requests';

/** How far a model has come: files from the hub, then their bytes into memory. */
export interface LoadProgress {
  stage: 'fetch' | 'read';
  /** Bytes. */
  done: number;
  total: number;
}

type LoadArguments = Omit<LoadOptions, 'onProgress'> & { name: string; adapter?: string };

async function load(
  held: HeldModel,
  { name, adapter, ...options }: LoadArguments,
  { signal, tell, look }: Running<LoadProgress>,
): Promise<ModelInfo> {
  const found = await resolveModel(name, {
    signal,
    checkConfig: readConfigFile,
    onProgress: ({ done, total }) => tell({ stage: 'fetch', done, total }),
  });
  held.drop();
  const onProgress = (done: number, total: number): void => {
    look();
    tell({ stage: 'read', done, total });
  };
  held.hold(loadModel(found.path, { ...options, onProgress }), found);
  if (adapter !== undefined) held.useAdapter(adapter);
  return held.info();
}

const useAdapter = (held: HeldModel, folder: string | null): void => {
  void held.model;
  held.useAdapter(folder);
};

const encode = (held: HeldModel, { prompts, ...options }: { prompts: readonly string[] } & PromptOptions): number[][] =>
  held.encode(prompts, options).map((ids) => [...ids]);

type CaptureArguments = Pick<CaptureOptions, 'at'> &
  PromptOptions & { prompts: Prompts; modules: readonly string[] | RegExp };

/** Activations by name, and the mask; as tickets. */
function capture(held: HeldModel, { prompts, modules, at, ...options }: CaptureArguments): CaptureTickets {
  const { model } = held;
  return torch.scope(() => {
    const { ids, attentionMask } = padLeft(held.encode(prompts, options), { device: model.device });
    const which = modules instanceof RegExp ? (name: string): boolean => name.search(modules) >= 0 : modules;
    using captured = captureModules(model, which, { at, detach: true });
    inMode(model, 'eval', () => torch.noGrad(() => model.call(ids, { attentionMask, padded: !!attentionMask })));
    const shared = [...captured.take()].map(([name, tensor]): [string, Ticket] => [name, torch.share(tensor)]);
    return { activations: shared, attentionMask: attentionMask && torch.share(attentionMask) };
  });
}

export interface CaptureTickets {
  activations: [string, Ticket][];
  attentionMask: Ticket | undefined;
}

type OverlapArguments = Omit<LatentOptions, 'onPair'> & PromptOptions & { pairs: Pairs };

function latentOverlap(
  held: HeldModel,
  { pairs, chat, ...options }: OverlapArguments,
  { look, tell }: Running<number>,
): LatentOverlap {
  const onPair = (done: number): void => {
    look();
    tell(done);
  };
  return measureOverlap(held.model, tokenPairsOf(held, pairs, { chat }), { ...options, onPair });
}

/** Tensors that the thread holds, and their bytes. */
const memory = (): { tensors: number; bytes: number } => torch.memory();

export const JOBS = { load, useAdapter, encode, generate, capture, latentOverlap, finetune, memory };
