import { runInNewContext } from 'node:vm';
import t from 'tap';
import { torch, type Tensor } from '../../lib/torch';
import { native } from '../../lib/torch/load-native';

// Values made in another realm, as test runners and sandboxes have them: their classes are not the ones of here.

const there = <T = never>(code: string, globals: object = {}): T => runInNewContext(code, globals) as T;

t.test('arrays, typed arrays and options of another realm', async (t) => {
  t.same(torch.tensor(there('[[1, 2], [3, 4]]')).shape, [2, 2]);
  const kinds = [
    ...([
      'Float32Array',
      'Float64Array',
      'Int8Array',
      'Uint8Array',
      'Int16Array',
      'Uint16Array',
      'Int32Array',
    ] as const),
    ...(['Uint32Array', 'BigInt64Array', 'BigUint64Array', 'Uint8ClampedArray'] as const),
  ];
  for (const kind of kinds) {
    const array = there<Float32Array>(`${kind}.from([1, 2].map(${kind.startsWith('Big') ? 'BigInt' : 'Number'}))`);
    const dtype = torch.tensor(new globalThis[kind](2)).dtype;
    t.same([torch.tensor(array).dtype, torch.tensor(array).toArray()], [dtype, [1, 2]], kind);
  }
  t.throws(() => torch.tensor(there('new DataView(new ArrayBuffer(8))')), {
    message: 'tensor: a DataView has no dtype',
  });
  t.same(torch.zeros(there('[2]'), there("({ dtype: 'float64' })")).dtype, 'float64');
  t.same(torch.tensor([1], there("({ dtype: 'int8' })")).dtype, 'int8');
  t.same(torch.full([1], there('({ re: 1, im: 2 })')).toArray(), [{ re: 1, im: 2 }]);
  t.same(torch.ones([2, 3]).permute(there('Int32Array.of(1, 0)')).shape, [3, 2]);
});

t.test('a scope keeps what is returned in objects of another realm', async (t) => {
  const forms: [string, string][] = [
    ['object', '({ a })'],
    ['array', '[a]'],
    ['Map', 'new Map([[1, a]])'],
    ['Set', 'new Set([a])'],
    ['nested', '({ x: [{ a }] })'],
    ['without prototype', 'Object.assign(Object.create(null), { a })'],
  ];
  for (const [name, code] of forms) {
    let made: Tensor | undefined;
    torch.scope(() => there(code, { a: (made = torch.ones([1])) }));
    t.equal(made?.isDisposed, false, name);
  }
  let held: Tensor | undefined;
  torch.scope(() =>
    there('class Holder { constructor(a) { this.a = a } }; new Holder(a)', { a: (held = torch.ones([1])) }),
  );
  t.equal(held?.isDisposed, true, 'an instance of a class is none of them, here and there');
});

t.test('errors of the addon are of the classes that the library was loaded with', async (t) => {
  const classes = there<{ Error: typeof Error; TypeError: typeof TypeError; RangeError: typeof RangeError }>(
    '({ Error, TypeError, RangeError })',
  );
  t.teardown(() => native.setErrors({ Error, TypeError, RangeError }));
  const x = torch.ones([2]);
  const works: [keyof typeof classes, () => unknown][] = [
    ['RangeError', () => x.select(0, 9)],
    ['TypeError', () => native.dtype('x' as never)],
    ['TypeError', () => torch.op('_reshape_alias')(x, [9], [9])],
    ['Error', () => x.matmul(torch.ones([3]))],
  ];
  const caught = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return error;
    }
  };
  for (const [kind, work] of works)
    t.ok(caught(work) instanceof { Error, TypeError, RangeError }[kind], `${kind} of here`);
  native.setErrors(classes);
  for (const [kind, work] of works) {
    const error = caught(work);
    t.ok(error instanceof classes[kind], `${kind} of there`);
    t.match(error, { name: kind, message: /^\w+.*: / });
  }
});
