import t from 'tap';
import { missingDependencies } from '../../scripts/ready';

t.test('dependencies are missing when they are not there or have another version', async (t) => {
  const wanted = { '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0' } };
  const optional = { 'node_modules/c': { version: '3.0.0', optional: true } };
  const installed = (packages: object) => ({ node_modules: { '.package-lock.json': JSON.stringify({ packages }) } });
  const lock = { 'package-lock.json': JSON.stringify({ packages: { ...wanted, ...optional } }) };
  t.same(missingDependencies(t.testdir(lock)), ['a', 'b']);
  t.same(missingDependencies(t.testdir({ ...lock, ...installed({ 'node_modules/a': { version: '1.0.0' } }) })), ['b']);
  const other = { ...wanted, 'node_modules/b': { version: '2.0.1' } };
  t.same(missingDependencies(t.testdir({ ...lock, ...installed(other) })), ['b']);
  t.same(missingDependencies(t.testdir({ ...lock, ...installed(wanted) })), [], 'optional ones may be absent');
});
