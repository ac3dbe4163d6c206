import { createRequire } from 'node:module';
import path from 'node:path';
import t from 'tap';
import * as first from '../../lib/torch';

// A test that Node's ESM loader starts has a `require` without a cache (Node 22).
const load = createRequire(__filename);
const LIBRARY = path.resolve(__dirname, '../../lib');

/** Loads the library's JavaScript once more, as Jest does for each test file: the addon stays as it is. */
function loadAgain(): typeof first {
  for (const file of Object.keys(load.cache)) if (file.startsWith(LIBRARY)) delete load.cache[file];
  return load('../../lib/torch') as typeof first;
}

t.test('several copies of the JavaScript in one environment each have their hooks served', async (t) => {
  const calls: string[] = [];
  const copies = [first, loadAgain(), loadAgain()];
  t.equal(new Set(copies.map(({ torch }) => torch)).size, 3);
  const leaves = copies.map(({ torch }) => torch.tensor([3], { dtype: 'float64', requiresGrad: true }));
  leaves.forEach((leaf, copy) => leaf.registerHook((grad) => (calls.push(`hook ${copy}`), grad.mul(10))));
  const squares = copies.map(({ torch }, copy) =>
    torch.customFunction<[first.Tensor], first.Tensor>({
      forward: (_context, x) => (calls.push(`forward ${copy}`), x.mul(x)),
      backward: (_context, grad) => (calls.push(`backward ${copy}`), grad.mul(copy + 1)),
    }),
  );
  for (const copy of [2, 0, 1]) squares[copy](leaves[copy]).sum().backward();
  t.same(
    calls,
    [2, 0, 1].flatMap((copy) => [`forward ${copy}`, `backward ${copy}`, `hook ${copy}`]),
  );
  t.same(
    leaves.map((leaf) => leaf.grad?.toArray()),
    [[10], [20], [30]],
  );
});
