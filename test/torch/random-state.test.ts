import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import t from 'tap';
import { torch } from '../../lib/torch';
import { numbers } from '../parity/expected';

const draw = (count: number): number[] => torch.scope(() => numbers(torch.randn([count])));

/** The numbers that a seed gives, in pieces of one length: what PyTorch draws for it is in random.test.ts. */
function piecesOf(seed: number, sizes: readonly number[]): number[] {
  torch.manualSeed(seed);
  return sizes.flatMap(draw);
}

t.test('work with numbers of its own begins where its caller is, and leaves the caller there', async (t) => {
  const wanted = piecesOf(1, [3, 5, 5]);
  torch.manualSeed(1);
  const before = draw(3); // half of a pair of normal numbers is left over
  const inside = torch.forkRng(() => {
    const first = draw(5);
    torch.manualSeed(2);
    draw(7);
    return first;
  });
  t.same([...before, ...inside], wanted.slice(0, 8), 'a copy at first');
  t.same(draw(5), wanted.slice(3, 8), 'and the caller goes on as if nothing had been');
  t.throws(() =>
    torch.forkRng(() => {
      torch.manualSeed(3);
      throw new Error('no');
    }),
  );
  t.same(draw(5), wanted.slice(8), 'after an error too');
});

t.test('it follows the work through its awaits, whatever draws beside it', async (t) => {
  const work = async (seed: number): Promise<number[]> => {
    torch.manualSeed(seed);
    const drawn: number[] = [];
    for (let i = 0; i < 6; i++) {
      drawn.push(...draw(3));
      await eventLoopTurn();
      const state = torch.getRngState();
      draw(2);
      torch.setRngState(state);
    }
    return drawn;
  };
  const wanted = [1, 2, 3].map((seed) => piecesOf(seed, [3, 3, 3, 3, 3, 3]));
  torch.manualSeed(4);
  const state = torch.getRngState();
  const works = [1, 2, 3].map((seed) => torch.forkRng(() => work(seed)));
  const outside = draw(4);
  t.same(await Promise.all(works), wanted);
  const nested = torch.forkRng(async () => {
    const inner = torch.forkRng(() => work(1));
    torch.manualSeed(2);
    return [await inner, draw(3)];
  });
  torch.manualSeed(9);
  t.same(await nested, [wanted[0], wanted[1].slice(0, 3)], 'inside of each other');
  torch.setRngState(state);
  t.same(draw(4), outside);
});

t.test('what a hook draws belongs to whoever runs the backward pass', async (t) => {
  const [first] = [piecesOf(7, [2])];
  const x = torch.ones([2], { requiresGrad: true });
  let hooked: number[] = [];
  torch.forkRng(() => x.registerHook(() => void (hooked = draw(2))));
  torch.manualSeed(7);
  torch.forkRng(() => {
    torch.manualSeed(8);
    draw(1);
  });
  x.sum().backward();
  t.same(hooked, first);
});
