import t from 'tap';
import { maskOf, positionsOf } from '../../lib/models/attention-plan';
import { DEVICE, torch } from '../device';

const mask = torch.tensor([
  [0, 0, 1, 1, 1],
  [1, 1, 1, 1, 1],
]);

// Rotary positions are relative: a constant shift does not show in the logits, so they are looked at here.
t.test('positions count real tokens only', (t) => {
  t.same(positionsOf(mask, 0, 5, DEVICE).toArray(), [
    [0, 0, 0, 1, 2],
    [0, 1, 2, 3, 4],
  ]);
  t.same(
    positionsOf(mask, 3, 2, DEVICE).toArray(),
    [
      [1, 2],
      [3, 4],
    ],
    'behind a cache',
  );
  t.same(positionsOf(undefined, 0, 3, DEVICE).toArray(), [[0, 1, 2]]);
  t.same(positionsOf(undefined, 4, 2, DEVICE).toArray(), [[4, 5]]);
  t.end();
});

t.test('a query sees real keys up to its own place, a pad nothing', (t) => {
  const rows = (past: number, seq: number, padded = true) => {
    const made = maskOf({ attentionMask: padded ? mask : undefined, past, seq }, DEVICE, null);
    return made?.select(1, 0).to('int64').toArray() as number[][][] | undefined;
  };
  t.same(rows(0, 5)?.at(0), [
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
    [0, 0, 1, 0, 0],
    [0, 0, 1, 1, 0],
    [0, 0, 1, 1, 1],
  ]);
  t.same(rows(3, 2)?.at(0), [
    [0, 0, 1, 1, 0],
    [0, 0, 1, 1, 1],
  ]);
  t.same(rows(3, 2)?.at(1), [
    [1, 1, 1, 1, 0],
    [1, 1, 1, 1, 1],
  ]);
  t.same(rows(4, 1), [[[0, 0, 1, 1, 1]], [[1, 1, 1, 1, 1]]]);
  t.equal(
    maskOf({ attentionMask: torch.ones([2, 4]), past: 0, seq: 4 }, DEVICE, null),
    undefined,
    'without pads the kernel masks by itself',
  );
  t.equal(
    maskOf({ attentionMask: undefined, past: 4, seq: 1 }, DEVICE, null),
    undefined,
    'the newest token sees everything',
  );
  t.same(rows(1, 2, false), [
    [
      [1, 1, 0],
      [1, 1, 1],
    ],
  ]);
  t.end();
});
