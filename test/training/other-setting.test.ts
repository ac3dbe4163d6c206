import t from 'tap';
import { otherSetting } from '../../lib/training/other-setting';

t.test('the first setting that is another one', (t) => {
  t.same(otherSetting({ a: 1, b: 2 }, { a: 1, b: 3 }), { name: 'b', was: '2', is: '3' });
  t.same(otherSetting({ a: 1 }, { a: 1, b: 3 }), { name: 'b', was: undefined, is: '3' });
  t.same(otherSetting({ a: 4 }, { a: null }), { name: 'a', was: '4', is: 'null' });
  t.equal(otherSetting({ a: 1, b: 2 }, { a: 1, b: 3 }, ['b']), undefined);
  t.equal(otherSetting({ a: { c: [1, 2] } }, { a: { c: [1, 2] } }), undefined);
  t.same(otherSetting({ a: { c: [1, null] } }, { a: { c: [1, 0] } })?.name, 'a');
  t.end();
});

t.test('a setting that an earlier version did not know is as one that is null', (t) => {
  t.equal(otherSetting({ lr: 1 }, { lr: 1, autocast: null }), undefined);
  t.equal(otherSetting({ run: { lr: 1 } }, { run: { lr: 1, autocast: null } }), undefined);
  t.same(otherSetting({ lr: 1 }, { lr: 1, autocast: 'float16' })?.name, 'autocast');
  t.end();
});
