import t from 'tap';
import { TooSlow, withinSeconds } from '../../lib/files/time-limit';

t.test('what takes too long is ended, and all else is as without the limit', async (t) => {
  t.equal(withinSeconds(5, () => 7), 7); // prettier-ignore
  t.equal(
    withinSeconds(5, () => undefined),
    undefined,
  );
  const own = new RangeError('mine');
  t.throws(
    () =>
      withinSeconds(5, () => {
        throw own;
      }),
    own,
  );
  t.throws(() => withinSeconds(0.05, () => /^(?:(.+)+!)$/u.test('model.layers.0.self_attn.q_proj')), TooSlow);
  t.throws(
    () =>
      withinSeconds(0.05, () => {
        for (;;);
      }),
    /takes longer than 0.05 seconds/,
  );
  t.equal(withinSeconds(5, () => withinSeconds(0.001, () => 8)), 8, 'the outer limit counts'); // prettier-ignore
});
