import { parentPort, workerData } from 'node:worker_threads';
import { torch, type Tensor, type Ticket } from '../../lib/torch';

// A worker that does what it is asked to: workers.test.ts starts it.

type Request = { job: keyof typeof JOBS; ticket?: Ticket; number?: number };

const port = parentPort as NonNullable<typeof parentPort>;
const held: Tensor[] = [];

const JOBS = {
  /** Trains for a while, to be busy beside the others; every number depends on the worker's own seed. */
  train({ number = 0 }: Request) {
    const generator = torch.generator({ seed: number });
    const x = torch.randn([32, 4], { generator });
    const y = x.sum([1], true);
    const weight = torch.zeros([1, 4], { requiresGrad: true });
    let hooked = 0;
    weight.registerHook((grad) => {
      hooked += 1;
      return grad.mul(1);
    });
    for (let step = 0; step < 200; step++) {
      torch.scope(() => {
        torch.mseLoss(torch.linear(x, weight), y).backward();
        torch.noGrad(() => weight.sub_(weight.grad as Tensor, { alpha: 0.1 }));
        weight.grad = null;
      });
    }
    return { weight: weight.toArray(), hooked, tensors: torch.memory().tensors };
  },
  /** Writes into what came, and hands back a tensor of its own. */
  exchange({ ticket }: Request) {
    const theirs = torch.receive(ticket as Ticket);
    theirs.mul_(2);
    held.push(theirs);
    return { ticket: torch.share(theirs.add(1)), shape: theirs.shape };
  },
  /** Shares a tensor and ends before anyone can collect it. */
  leave() {
    return { ticket: torch.share(torch.arange(5), { outlivesSender: true }) };
  },
  /** Shares tensors of a megabyte, whose receiver never comes, and ends. */
  abandon({ number = 0 }: Request) {
    return { tickets: Array.from({ length: number }, () => torch.share(torch.ones([512, 512]))) };
  },
  /** Ends with tensors, scopes, hooks and graphs left as they are. */
  litter() {
    torch.scope();
    const x = torch.randn([100], { requiresGrad: true });
    x.registerHook((grad) => grad.mul(2));
    const square = torch.customFunction({
      forward: (context, x: Tensor) => (context.saveForBackward(x), x.mul(x)),
      backward: ({ savedTensors: [x] }, grad) => grad.mul(x).mul(2),
    });
    held.push(x, square(x).sum());
    torch.share(x);
    torch.generator({ seed: 1 });
    return {};
  },
  /** Never stops by itself. */
  spin() {
    const x = torch.randn([64, 64], { requiresGrad: true });
    x.registerHook((grad) => grad.mul(1));
    for (;;) torch.scope(() => x.matmul(x).sum().backward());
  },
  /** Sets what is its own, and tells what it had and has. */
  settle({ number = 0 }: Request) {
    const threads = torch.getNumThreads();
    torch.manualSeed(number);
    torch.setNumThreads(number);
    torch.ones([200, 200]).matmul(torch.ones([200, 200]));
    return { threads, now: torch.getNumThreads(), drawn: torch.rand([3]).toArray() };
  },
  /** What is drawn next, and how many threads there are. */
  look() {
    return { threads: torch.getNumThreads(), drawn: torch.rand([3]).toArray() };
  },
  /** Tries to enlarge what came in place. */
  enlarge({ ticket }: Request) {
    const theirs = torch.receive(ticket as Ticket);
    try {
      theirs.resize_([100_000]);
    } catch (error) {
      return { error: (error as Error).message, shape: theirs.shape, sum: theirs.sum().item() };
    }
    return { shape: theirs.shape };
  },
  fail() {
    return torch.ones([2]).matmul(torch.ones([3]));
  },
};

port.on('message', (request: Request) => {
  if (request.job === 'spin') port.postMessage({ spinning: true });
  try {
    port.postMessage(JOBS[request.job](request));
  } catch (error) {
    port.postMessage({ error: (error as Error).message });
  }
  if (['leave', 'abandon', 'litter'].includes(request.job)) process.exit(0);
});
port.postMessage({ ready: workerData as unknown });
