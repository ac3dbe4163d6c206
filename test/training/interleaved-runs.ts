/** Small runs of every kind that draw random numbers, to be interleaved with each other; also a worker that does them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { isMainThread, parentPort } from 'node:worker_threads';
import { generate, type LanguageModel } from '../../lib/models';
import { AdamW } from '../../lib/optim';
import { PhysicalDeception, train as trainAgents } from '../../lib/rl';
import { AGENTS_FILE, UPSTREAM as MADDPG } from '../../lib/rl/maddpg';
import { finetune, klLoss, pairBatch, UPSTREAM, type FinetuneConfig, type TokenPair } from '../../lib/soo';
import { torch, type Tensor } from '../../lib/torch';
import { train, type StepRecord } from '../../lib/training';
import { numbers } from '../parity/expected';
import { freshTiny, tinyModel } from '../soo/tiny';

/** What an interleaved run does where it lets others go on. */
export type Pause = () => Promise<void>;

export interface RunOptions {
  seed: number;
  /** Of its own, for runs that write one. */
  folder: string;
  pause: Pause;
}

const PAIRS: TokenPair[] = Array.from({ length: 4 }, (_, i) => ({
  selfIds: [1, 20 + i, 31, 42],
  otherIds: [1, 20 + i, 200 + i, 42],
}));

const CONFIG: FinetuneConfig = {
  ...UPSTREAM,
  batch: 2,
  accumulate: 1,
  epochs: 2,
  pad: 'longest',
  lr: 1e-3,
  lora: { ...UPSTREAM.lora, r: 2 },
};

const untimed = (steps: readonly StepRecord[]): string => JSON.stringify(steps.map((step) => ({ ...step, ms: 0 })));

/** Every number that a fine-tuning run told and wrote. */
export async function tune(
  model: LanguageModel,
  options: RunOptions,
  more: Partial<FinetuneConfig> = {},
): Promise<string> {
  const { seed, folder, pause } = options;
  const steps: StepRecord[] = [];
  const onStep = (step: StepRecord): Promise<void> => {
    steps.push(step);
    torch.rand([3]); // the caller's: none of the run's business
    return pause();
  };
  const config = { ...CONFIG, seed, gradientCheckpointing: seed % 2 === 0, ...more };
  await finetune({ folder, model, pairs: PAIRS, config, padId: 2, inputs: {}, origin: {}, onStep });
  return untimed(steps) + readFileSync(join(folder, 'adapter_model.safetensors'), 'hex');
}

/** Draws in many ways; with dropout that is computed again in the backward pass. */
async function draw({ seed, pause }: RunOptions): Promise<string> {
  torch.manualSeed(seed);
  const drawn: number[] = [];
  for (let i = 0; i < 8; i++) {
    torch.scope(() => {
      const x = torch.ones([16], { requiresGrad: true });
      const dropped = torch.checkpoint((y: Tensor) => torch.dropout(y, 0.5, true), x);
      const normal = torch.randn([3]); // an odd number leaves half of a pair
      dropped.sum().backward();
      if (String(x.grad?.toArray()) !== String(dropped.toArray())) throw new Error('another mask in the backward pass');
      for (const each of [dropped, normal, torch.randperm(5), torch.empty([2]).uniform_(), torch.randLike(normal)])
        drawn.push(...numbers(each));
      drawn.push(...numbers(torch.bernoulli(torch.full([4], 0.5))), ...numbers(torch.normal(0, 1, [1])));
    });
    await pause();
  }
  return JSON.stringify(drawn);
}

/** The loop by itself, which draws what its caller seeded. */
async function loop({ seed, pause }: RunOptions): Promise<string> {
  const { model, adapter } = freshTiny(seed, 0.3);
  const optimizer = new AdamW(adapter.parameters(), { lr: 1e-3 });
  const kl = klLoss(model);
  torch.manualSeed(seed);
  const records = await train<TokenPair[]>({
    model,
    parameters: adapter.namedParameters(),
    optimizer,
    loss: (batch) => kl(pairBatch(batch)),
    batches: [PAIRS, PAIRS, PAIRS],
    onStep: pause,
  });
  return untimed(records) + JSON.stringify(adapter.parameters().flatMap(numbers));
}

async function agents({ seed, folder }: RunOptions): Promise<string> {
  const config = {
    ...MADDPG,
    seed,
    episodes: 4,
    episodeLength: 6,
    worlds: 2,
    batch: 8,
    stepsPerRound: 6,
    hiddenSize: 8,
  };
  const environment = new PhysicalDeception({ reward: 'deceptive', worlds: 2, seed });
  await trainAgents({ folder, environment, config, inputs: {}, origin: {} });
  return readFileSync(join(folder, AGENTS_FILE), 'hex');
}

/** Drawn and greedy answers, in turn. */
export async function answer(
  model: LanguageModel,
  { seed, pause }: Pick<RunOptions, 'seed' | 'pause'>,
): Promise<string> {
  const prompts = [
    [1, 20 + seed, 31],
    [1, 9, 8, 7, 6],
    [1, 44],
  ];
  const [sampling, tokens]: [{ seed: number } | undefined, number[]] = [seed % 2 ? { seed } : undefined, []];
  await pause();
  const batchSize = seed % 3 ? 2 : 1;
  const outputs = await generate(model, prompts, { maxNewTokens: 14, eosId: null, sampling, batchSize });
  for (const output of outputs) tokens.push(...output);
  return JSON.stringify(tokens);
}

export const RUNS = {
  draw,
  'draw apart': (options: RunOptions) => torch.forkRng(() => draw(options)),
  loop,
  tune: (options: RunOptions) => tune(tinyModel(), options),
  agents,
  answer: (options: RunOptions) => answer(tinyModel(), options),
};

export type RunName = keyof typeof RUNS;

/** A row of numbers from 0 to 1 that a seed gives; not of torch, whose state is what is tested. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lets so many turns of the event loop pass, from none to three. */
export function pausing(random: () => number): Pause {
  return async () => {
    for (let turns = Math.floor(random() * 4); turns > 0; turns--) await eventLoopTurn();
  };
}

/** Sleeps up to half a millisecond of real time: what another thread does meanwhile is for the machine to choose. */
export function sleeping(random: () => number): Pause {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  return () => {
    Atomics.wait(cell, 0, 0, random() / 2);
    return Promise.resolve();
  };
}

export interface Order {
  run: RunName;
  seed: number;
  folder: string;
  pauses: number;
}

if (!isMainThread && parentPort) {
  const port = parentPort;
  torch.setNumThreads(1);
  port.on('message', ({ run, seed, folder, pauses }: Order) => {
    RUNS[run]({ seed, folder, pause: sleeping(seeded(pauses)) }).then(
      (result) => port.postMessage({ result }),
      (error: Error) => port.postMessage({ result: `failed: ${error.message}` }),
    );
  });
  port.postMessage('ready');
}
