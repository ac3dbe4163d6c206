/** What a batch in pieces leaves behind, also when memory does not suffice in the middle of it. */
import t from 'tap';
import { torch, type Tensor } from '../../lib/torch';
import { PieceByPiece, type InPieces } from '../../lib/training/pieces';

const halves: InPieces<number[]> = {
  split: (batch, pieces) => {
    const size = Math.ceil(batch.length / Math.min(pieces, batch.length));
    return Array.from({ length: Math.ceil(batch.length / size) }, (_, i) => batch.slice(i * size, (i + 1) * size));
  },
  pieces: 1,
  doubles: true,
};

const noMemory = (): Error => Object.assign(new Error('full'), { code: 'ERR_OUT_OF_MEMORY' });

/** A loss with noise, as dropout's, that fits up to so many numbers; more fail after the gradient is there. */
const noisy =
  (parameter: Tensor, fits: number) =>
  (numbers: number[]): { total: Tensor; parts: Record<string, Tensor> } => {
    const total = parameter
      .mul(
        torch
          .tensor(numbers)
          .mul(torch.rand([numbers.length]))
          .sum(),
      )
      .sum();
    total.backward();
    if (numbers.length > fits) throw noMemory();
    return { total, parts: { noise: total.detach() } };
  };

const parameterOf = (): Tensor => torch.ones([1]).requiresGrad_();

t.test('draws and gradients are those of a batch in pieces from the start', (t) => {
  const given = [1, 2, 3, 4];
  const [failing, plain] = [parameterOf(), parameterOf()];
  const after = (parameter: Tensor, pieces: number): unknown[] => {
    torch.manualSeed(3);
    parameter.mul(5).sum().backward();
    const work = new PieceByPiece({ ...halves, pieces }, [['w', parameter]]);
    const taken = work.compute(given, noisy(parameter, 1));
    return [taken.total.item(), taken.parts.noise.item(), parameter.grad?.item(), taken.pieces, torch.rand([1]).item()];
  };
  t.same(after(failing, 1), after(plain, 4));
  t.end();
});

t.test('what is too large in one piece is told, with gradients as they were', (t) => {
  const parameter = parameterOf();
  parameter.mul(5).sum().backward();
  const work = new PieceByPiece(halves, [['w', parameter]]);
  t.throws(() => work.compute([1, 2, 3], noisy(parameter, 0)), { message: 'full' });
  t.equal(parameter.grad?.item(), 5);
  const whole = new PieceByPiece({ ...halves, doubles: false }, [['w', parameter]]);
  t.throws(() => whole.compute([1, 2, 3], noisy(parameter, 1)), { message: 'full' }, 'only where it may halve');
  t.throws(() => work.compute([1], () => { throw new RangeError('other'); }), { message: 'other' }); // prettier-ignore
  t.end();
});
