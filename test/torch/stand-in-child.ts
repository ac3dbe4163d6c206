import { Event, Stream, torch, type DeviceLike, type Tensor } from '../../lib/torch';
import { loadStandIn } from '../native/stand-in';

// Backward passes inside of hooks and custom functions on an accelerator, which has one engine thread; and its memory.
// Prints what each case gives: stand-in.test.ts starts it, and knows what is right.

const standIn = loadStandIn();
const DEVICE = torch.device('standin:0');

const leafOn = (device: DeviceLike, values: number[]): Tensor =>
  torch.tensor(values, { dtype: 'float64', device, requiresGrad: true });
const leaf = (...values: number[]): Tensor => leafOn(DEVICE, values);
const values = (tensor: Tensor | null): unknown => tensor?.toArray();

/** A hook on `outer` that runs a backward pass of `inner` squared. */
function passInHook(outer: Tensor, inner: Tensor): unknown {
  outer.registerHook(() => torch.enableGrad(() => inner.mul(inner).sum()).backward());
  outer.mul(7).sum().backward();
  return [values(outer.grad), values(inner.grad)];
}

function dive(depth: number, end: number, bottom: () => void): number {
  const x = leaf(1);
  let reached = depth;
  x.registerHook(() => {
    if (depth < end) reached = dive(depth + 1, end, bottom);
    else bottom();
  });
  torch.enableGrad(() => x.mul(2).sum()).backward();
  return reached;
}

function messageOf(work: () => unknown): string {
  try {
    return String(work());
  } catch (error) {
    return (error as Error).message;
  }
}

const viaGrad = torch.customFunction({
  forward(context, x: Tensor) {
    context.saveForBackward(x);
    return x.pow(3);
  },
  backward({ savedTensors: [x] }, grad) {
    const again = x.detach();
    again.requiresGrad = true;
    return (
      torch.grad(
        torch.enableGrad(() => again.pow(3).sum()),
        again,
      )[0] as Tensor
    ).mul(grad);
  },
});

const CASES: Record<string, () => unknown> = {
  'a pass in a hook': () => passInHook(leaf(3), leaf(5)),
  'a pass on the processor in a hook': () => passInHook(leaf(3), leafOn('cpu', [5])),
  "a pass on the device in a processor's hook": () => passInHook(leafOn('cpu', [3]), leaf(5)),
  'torch.grad in a custom function': () => {
    const x = leaf(2, 3);
    viaGrad(x).sum().backward();
    return values(x.grad);
  },
  'a checkpoint': () => {
    const x = leaf(0, 1);
    torch
      .checkpoint((a: Tensor) => a.exp(), x)
      .sum()
      .backward();
    return values(x.grad);
  },
  'a checkpoint in a checkpoint': () => {
    const x = leaf(2);
    const inner = (a: Tensor): Tensor => torch.checkpoint((b: Tensor) => b.mul(b), a).mul(3);
    torch.checkpoint(inner, x).sum().backward();
    return values(x.grad);
  },
  'a graph of the gradient in a hook': () => {
    const [x, y] = [leaf(3), leaf(5)];
    x.registerHook(() =>
      torch.enableGrad(() => {
        const [first] = torch.grad(y.pow(3).sum(), y, { createGraph: true }) as [Tensor];
        first.sum().backward();
      }),
    );
    x.mul(2).sum().backward();
    return values(y.grad);
  },
  'passes 100 deep': () => dive(1, 100, () => undefined),
  'an error at the bottom': () =>
    messageOf(() =>
      dive(1, 30, () => {
        throw new RangeError('at the bottom');
      }),
    ),
  'a pass after an error': () => passInHook(leaf(1), leaf(2)),
  'garbage goes before memory runs out': () => {
    standIn.setLimit(0, 50e6);
    const make = (): Tensor => torch.empty([30e6], { dtype: 'uint8', device: DEVICE });
    make(); // garbage at once
    return make().numel();
  },
  'garbage does not fill a device': () => {
    standIn.setLimit(0, 400e6);
    const x = torch.ones([1e6], { device: DEVICE, requiresGrad: true });
    for (let i = 0; i < 500; i++) {
      x.sigmoid().sum().backward();
      x.grad = null;
    }
    return 'done';
  },
  'two devices': () => {
    const [a, b] = ['standin:0', 'standin:1'].map((name) => torch.ones([2], { device: torch.device(name) }));
    return [messageOf(() => a.add(b)), messageOf(() => a.add(torch.ones([2]))), values(a.add(b.to(DEVICE)))];
  },
  'an index that lies elsewhere': () => {
    const x = torch.ones([3], { device: DEVICE });
    return ['cpu', 'standin:1'].map((name) =>
      messageOf(() => x.indexSelect(0, torch.tensor([0, 1]).to(torch.device(name)))).replace(/^.*: /, ''),
    );
  },
  'a mask that was made on the host': () => {
    const scores = torch.ones([2, 2], { device: DEVICE });
    return messageOf(() => scores.maskedFill(torch.ones([2, 2], { dtype: 'bool' }), 0)).replace(/^.*: /, '');
  },
  'the numbers of a seed': () =>
    ['standin:0', 'standin:1', 'cpu'].map((name) => {
      torch.manualSeed(3);
      return values(
        torch
          .rand([2], { device: torch.device(name) })
          .mul(1e6)
          .round(),
      );
    }),
  'what is counted': () => {
    const before = standIn.counters();
    const x = torch.tensor([0, 1, 2], { dtype: 'float64', device: DEVICE });
    x.sum().item();
    x.toArray();
    x.nonzero();
    const after = standIn.counters();
    return Object.entries(after).map(([name, value]) => value - before[name as keyof typeof before]);
  },
  events: () => {
    const stream = new Stream(DEVICE);
    stream.use();
    const [from, to] = [new Event(DEVICE), new Event(DEVICE)];
    from.record(stream);
    to.record(stream);
    return [from.isDone, from.elapsedTime(to) >= 0];
  },
  'what cannot be had': () =>
    messageOf(() => torch.empty([500e6], { dtype: 'uint8', device: DEVICE })).split(' of which')[0],
};

/** What ends the process, one at a time. */
const FAULTS: Record<string, () => unknown> = {
  'a kernel that peeks': () => {
    standIn.plantPeek();
    return torch.ones([2], { device: DEVICE }).specialErfcx();
  },
  'host code that peeks': () => standIn.touch(1),
  'elements that are read without a copy': () => {
    const x = torch.ones([2], { device: DEVICE });
    standIn.plantStay();
    return x.toArray();
  },
};

const fault = process.argv[2];
const cases = fault === undefined ? CASES : { [fault]: FAULTS[fault] };
for (const [name, work] of Object.entries(cases)) console.log(JSON.stringify([name, work()]));
