import { AsyncLocalStorage } from 'node:async_hooks';
import { native } from './load-native';

// libtorch has one generator for the process. The addon keeps a state of it for every environment, and for every piece of
// work that asks for one: native/random-state.h puts it in when its owner draws. Whose turn it is, is told by Node's
// asynchronous context: it follows the work through its awaits.

class RandomState {
  /** A number that the addon knows it by. */
  readonly id: number;

  /** Goes on from where the caller's is. */
  constructor() {
    useOwnRandomState();
    this.id = native.forkRandomState();
    dropped.register(this, this.id);
  }
}

const dropped = new FinalizationRegistry<number>((id) => native.dropRandomState(id));

/** Undefined: the environment's own. */
const current = new AsyncLocalStorage<RandomState | undefined>();

/** Before random numbers are drawn, or their state is looked at: they are to be those of whoever calls. */
export function useOwnRandomState(): void {
  native.useRandomState(current.getStore()?.id ?? 0);
}

/**
 * Runs `work`, which may be asynchronous, with random numbers of its own: they begin as a copy of the caller's, and
 * nothing else that goes on meanwhile draws from them or seeds them, nor does `work` touch the caller's. PyTorch's
 * `torch.random.fork_rng`.
 *
 *     const weights = torch.forkRng(() => (torch.manualSeed(1), torch.randn([3])));
 */
export function forkRng<T>(work: () => T): T {
  return current.run(new RandomState(), work);
}

/**
 * {@link forkRng} for a run: when it has ended, the caller's numbers go on where it ended, as if it had drawn from them.
 * Not if something else drew from them meanwhile or seeded them: nobody's numbers are set back.
 */
export async function drawApart<T>(run: () => Promise<T>): Promise<T> {
  const own = new RandomState();
  const caller = current.getStore();
  try {
    return await current.run(own, run);
  } finally {
    native.joinRandomState(own.id, caller?.id ?? 0);
  }
}

/** What runs a function with the random numbers of whoever asks now, as a callback inside of {@link forkRng} needs it. */
export function withRandomStateOfNow(): <T>(work: () => T) => T {
  const own = current.getStore();
  return (work) => current.run(own, work);
}
