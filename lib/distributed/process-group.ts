/** This process as one rank of several, over libtorch's Gloo, or NCCL on GPUs: what all ask for together, each gets. */
import { native } from '../torch/load-native';
import { requireOptions } from '../torch/options';
import { Tensor, torch } from '../torch';

export interface ProcessGroupOptions {
  rank: number;
  /** Ranks in all. */
  size: number;
  /** Where the store is through which they find each other. */
  host: string;
  port: number;
  /** Whether this rank has that store; by default the first one does. */
  hostsStore?: boolean;
  /** Tells this group from another at the same address. */
  attempt?: string;
  /** Milliseconds that ranks wait for each other, at the start and in every collective; default {@link RANK_TIMEOUT_MS}. */
  timeoutMs?: number;
}

/** The others load, save and measure meanwhile. */
export const RANK_TIMEOUT_MS = 600_000;

const OPTIONS = { rank: true, size: true, host: true, port: true, hostsStore: true, attempt: true, timeoutMs: true } as const; // prettier-ignore

export type Reduction = 'sum' | 'avg' | 'max';

/** Whether an error says that another rank is gone, has failed or gave no answer. The group is of no more use then. */
export const isRankLost = (thrown: unknown): boolean =>
  thrown instanceof Error && (thrown as NodeJS.ErrnoException).code === 'ERR_RANK_LOST';

/**
 * Collectives are asked for by all ranks, in the same order; what differs between ranks is an error on all of them. None
 * blocks the thread. Inputs are copied as they are handed over, results are new tensors on the input's device, and the
 * caller's to dispose of. A rank that is lost makes what the others wait for an error with the code `ERR_RANK_LOST`.
 */
export class ProcessGroup {
  readonly rank: number;
  readonly size: number;
  readonly #id: number;
  #closed: Promise<unknown> | undefined;

  private constructor(id: number, { rank, size }: ProcessGroupOptions) {
    [this.#id, this.rank, this.size] = [id, rank, size];
  }

  /** Waits for all ranks. */
  static async connect(options: ProcessGroupOptions): Promise<ProcessGroup> {
    requireOptions('ProcessGroup', options, OPTIONS);
    const { rank, size, host, port, hostsStore = rank === 0, attempt = '0', timeoutMs = RANK_TIMEOUT_MS } = options;
    const id = native.openGroup({ rank, size, host, port, hostsStore, prefix: `soo/${attempt}`, timeoutMs });
    try {
      await native.connectGroup(id);
    } catch (thrown) {
      await native.closeGroup(id);
      throw thrown;
    }
    return new ProcessGroup(id, options);
  }

  /** The sum, mean or largest of each element over the ranks: the same bits on every rank. */
  async allReduce(tensor: Tensor, reduction: Reduction = 'sum'): Promise<Tensor> {
    return new Tensor((await native.collective(this.#id, reduction, tensor.handle, 0)) as number);
  }

  /** What rank `from` has; the others hand in a tensor of the same dtype and shape. */
  async broadcast(tensor: Tensor, from = 0): Promise<Tensor> {
    return new Tensor((await native.collective(this.#id, 'broadcast', tensor.handle, from)) as number);
  }

  /** Each rank's, in their order. */
  async allGather(tensor: Tensor): Promise<Tensor[]> {
    const handles = (await native.collective(this.#id, 'gather', tensor.handle, 0)) as number[];
    return handles.map((handle) => new Tensor(handle));
  }

  /** Each rank's value, in their order, by way of JSON. */
  async allGatherJson<T>(value: T): Promise<T[]> {
    const bytes = Buffer.from(JSON.stringify(value ?? null));
    const sent = torch.fromBytes(bytes, { dtype: 'uint8', shape: [bytes.length] });
    const asked = native.collective(this.#id, 'gatherBytes', sent.handle, 0);
    sent.dispose();
    return ((await asked) as number[]).map((handle) => {
      const got = new Tensor(handle);
      const text = Buffer.from(got.toTypedArray() as Uint8Array).toString();
      got.dispose();
      return JSON.parse(text) as T;
    });
  }

  /** What the first rank hands in. */
  async told<T>(value?: T): Promise<T> {
    return (await this.allGatherJson(this.rank === 0 ? value : null))[0] as T;
  }

  /** Waits for every rank. */
  async barrier(): Promise<void> {
    await native.barrier(this.#id);
  }

  /** Leaves the group; the others get the reason as their error. */
  async fail(reason: string): Promise<void> {
    if (!this.#closed) await native.failGroup(this.#id, reason);
    await this.close();
  }

  /** Leaves the group, once the others do. Nothing can be asked of it any more. */
  async close(): Promise<void> {
    this.#closed ??= native.closeGroup(this.#id);
    await this.#closed;
  }
}
