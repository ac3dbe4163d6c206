import t from 'tap';
import { join } from 'node:path';
import { expected } from '../parity/expected';
import { soo } from './soo';

interface Overlap {
  pairs: number;
  mean: number;
  perModule: Record<string, number>;
}
type Overlaps = Record<'all' | 'last' | 'differing', Overlap>;
type Printed = Omit<Overlap, 'pairs'> & {
  perLayer: number[];
  perPair: number[];
  pairs: number;
  unequal: number;
  pooled: Overlaps;
};

// Made by test/parity/make_latent.py with transformers and peft.
const { pairs, base, tuned } = expected<{ pairs: [string, string][]; base: Overlaps; tuned: Overlaps }>('latent');

t.setTimeout(90_000); // the command line starts slowly on a busy machine

const MODELS = join(__dirname, '..', 'parity', 'models');
const folder = t.testdir({
  'pairs.json': JSON.stringify(pairs),
  'same.json': JSON.stringify([['one text', 'one text']]),
  'unequal.json': JSON.stringify([...pairs, ['Nobody', 'Nobody at all']]),
  'odd.json': '[["only one"]]',
});
const call = (file: string, ...more: string[]): string[] =>
  ['latent', '--model', join(MODELS, 'tiny'), '--pairs', join(folder, file), '--threads', '1', ...more]; // prettier-ignore
const adapter = ['--adapter', join(MODELS, 'tiny-adapter')];
const [plain, adapted, text, same, unequal, odd, none] = soo(
  call('pairs.json', '--json'),
  call('pairs.json', ...adapter, '--json'),
  call('unequal.json', ...adapter),
  call('same.json', '--json'),
  call('unequal.json', '--json'),
  call('odd.json', '--json'),
  ['latent', '--model', join(MODELS, 'tiny')],
);

const relative = (actual: number, wanted: number): number => Math.abs(actual - wanted) / Math.max(wanted, 1e-12);

function compare(
  t: {
    ok(value: boolean, message: string): unknown;
    equal: typeof import('tap').equal;
    same: typeof import('tap').same;
  },
  printed: Printed,
  wanted: Overlaps,
): void {
  t.ok(relative(printed.mean, wanted.all.mean) < 1e-5, `mean ${printed.mean}, Python's ${wanted.all.mean}`);
  for (const [positions, { pairs, mean, perModule }] of Object.entries(wanted)) {
    const found = printed.pooled[positions as keyof Overlaps];
    t.equal(found.pairs, pairs, `${positions}: pairs`);
    t.ok(relative(found.mean, mean) < 1e-5, `${positions}: mean`);
    t.same(Object.keys(found.perModule).sort(), Object.keys(perModule).sort());
    const far = Object.entries(perModule).map(([name, value]) => relative(found.perModule[name], value));
    t.ok(Math.max(...far) < 1e-4, `${positions}: each module, ${Math.max(...far)} off`);
  }
}

t.test("upstream's number and the pooled ones are Python's, before and after an adapter", (t) => {
  const before = JSON.parse(plain.stdout) as Printed;
  const after = JSON.parse(adapted.stdout) as Printed & { before: Printed };
  compare(t, before, base);
  compare(t, after, tuned);
  const { pairs: _pairs, unequal: _unequal, ...numbers } = before;
  t.same(after.before, numbers);
  t.not(after.mean, before.mean);
  t.same([before.pairs, before.unequal, before.perPair.length], [3, 0, 3]);
  const layer = Object.entries(before.perModule).filter(([name]) => name.startsWith('model.layers.1.'));
  t.equal(layer.length, 7);
  t.ok(relative(before.perLayer[1], layer.reduce((sum, [, value]) => sum + value, 0) / 7) < 1e-12);
  t.end();
});

t.test('pairs that are equal, or of different lengths', (t) => {
  t.match(JSON.parse(same.stdout), { mean: 0, pooled: { last: { mean: 0 }, differing: null } });
  t.match(JSON.parse(unequal.stdout), { pairs: 4, unequal: 1 });
  t.match(text.stdout, /before.*with the adapter[^]*1 of 4 pairs differ in length/);
  t.equal([plain, adapted, text, same, unequal].map(({ code }) => code).join(''), '00000');
  t.end();
});

t.test('bad input ends with 2 and one line', (t) => {
  t.same([odd.code, none.code], [2, 2]);
  t.match(odd.stderr, /^soo: odd.json: 0[^\n]+\n$/);
  t.match(none.stderr, /^soo: required option '--pairs <file>' not specified\n$/);
  t.end();
});
