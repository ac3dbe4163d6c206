import t from 'tap';
import { torch } from '../../lib/torch';
import { generateDeclarations } from '../../lib/torch/declarations';
import { describedOperators, lineOf } from '../../lib/torch/operator-lines';
import { shownSchema } from '../../lib/torch/schema';

const text = generateDeclarations();
/** The comment over each declaration of an operator. */
const commentsOf = (name: string): string[] =>
  [...text.matchAll(new RegExp(`  /\\*\\*((?:(?!\\*/).)*)\\*/\\n  ${name}\\(`, 'gs'))].map((found) => found[1] ?? '');

t.test('an editor shows what an operator does, its page and its schema', async (t) => {
  const softmax = commentsOf('softmax').join('\n');
  t.match(softmax, /Exponentials that sum to 1 along `dim`\./);
  t.match(softmax, /\(https:\/\/docs\.pytorch\.org\/docs\/stable\/generated\/torch\.nn\.functional\.softmax\.html\)/);
  t.match(softmax, '`aten::softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor`');
  t.match(commentsOf('div').join('\n'), '*, str? roundingMode) -> Tensor`');
  t.match(commentsOf('add_').join('\n'), /In place: Adds .*torch\.Tensor\.add_\.html/);
  t.match(commentsOf('_weightNorm').join('\n'), '`aten::_weight_norm(Tensor v, Tensor g, int dim=0) -> Tensor`');
});

t.test('the lines are of operators that there are', async (t) => {
  const names = new Set(torch.operators().map(({ name }) => name.split('.')[0]));
  const described = describedOperators();
  t.ok(described.length >= 150, `${described.length} operators have a line`);
  t.same(
    described.filter((name) => !names.has(name)),
    [],
  );
  for (const name of described) {
    const found = lineOf(name);
    t.match(found?.line, /^.{4,110}[.)]$/, name);
    t.match(found?.page, /^https:\/\/docs\.pytorch\.org\/docs\/stable\/generated\/torch(\.[\w]+)+\.html$/, name);
  }
});

t.test('schemas are shown with the names that callers write', async (t) => {
  const schema = 'aten::a_b.c_d(Tensor self, *, int[2] output_size=[1, 1], str? rounding_mode=None) -> Tensor';
  t.equal(
    shownSchema(schema),
    'aten::a_b.c_d(Tensor self, *, int[2] outputSize=[1, 1], str? roundingMode=None) -> Tensor',
  );
});

t.test('types tell what comes back', async (t) => {
  const line = (name: string) =>
    text
      .split('\n')
      .filter((each) => each.startsWith(`  ${name}(`))
      .join('\n');
  t.match(line('nativeLayerNormBackward'), '[Tensor | null, Tensor | null, Tensor | null]');
  t.match(line('convolutionBackward'), '[Tensor | null, Tensor | null, Tensor | null]');
  t.match(line('item'), 'item(self: Tensor): Scalar;');
  t.match(line('_localScalarDense'), '): Scalar;');
  t.match(line('mul'), 'mul(self: Tensor | Scalar, other: Tensor | Scalar): Tensor;');
  t.match(line('zerosLike'), 'requiresGrad?: boolean');
});
