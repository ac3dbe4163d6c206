import t from 'tap';
import { InputError } from '../../lib/files/input-error';
import { HubError } from '../../lib/hub/requests';
import { NonFiniteError } from '../../lib/training';
import { arrivedError, carryError } from '../../lib/training/carried-errors';

const sent = (thrown: unknown): Error => arrivedError(structuredClone(carryError(thrown)));

t.test('errors arrive as the class that they were, with their message and stack', async (t) => {
  for (const thrown of [
    new InputError('a'),
    new HubError('b'),
    new TypeError('c'),
    new RangeError('d'),
    new Error('e'),
  ]) {
    const arrived = sent(thrown);
    t.equal(arrived.constructor, thrown.constructor);
    t.same([arrived.name, arrived.message, arrived.stack], [thrown.name, thrown.message, thrown.stack]);
  }
  const arrived = sent(new NonFiniteError(3, 'the loss is NaN'));
  t.ok(arrived instanceof NonFiniteError && arrived.step === 3 && arrived.what === 'the loss is NaN');
  t.equal(arrived.message, 'fine-tuning stopped at step 3: the loss is NaN');
});

t.test('what is not known arrives as an error of one line', async (t) => {
  class Own extends Error {
    override name = 'Own';
  }
  t.match(sent(new Own('two\nlines')), { name: 'Error', message: 'two lines' });
  t.match(sent('a text'), { name: 'Error', message: 'a text' });
  t.match(sent(Object.assign(new Error('full'), { code: 'ERR_OUT_OF_MEMORY' })), { code: 'ERR_OUT_OF_MEMORY' });
});
