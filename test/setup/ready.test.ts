import t from 'tap';
import { missingDependencies, refuseLink } from '../../scripts/ready';

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

t.test("nothing is installed through a link into another checkout's packages", async (t) => {
  const root = t.testdir({ other: {}, linked: { node_modules: t.fixture('symlink', '../other') }, plain: {} });
  t.throws(() => refuseLink(`${root}/linked`), {
    message: 'node_modules is a link to ../other, which lacks packages: run npm ci there, or remove the link',
  });
  t.doesNotThrow(() => refuseLink(`${root}/plain`));
});

t.test('tap gets the tests of a folder; files, patterns and options pass as they are', async (t) => {
  const { testsOf } = require('../../scripts/test') as { testsOf: (argument: string) => string };
  const given = ['test/nn', 'test/nn/', './test', 'test/nn/module.test.ts', 'test/nn/*.test.ts', '-t', '0', '--bail'];
  const files = ['test/nn/**/*.test.ts', 'test/nn/**/*.test.ts', 'test/**/*.test.ts'];
  t.same(given.map(testsOf), [...files, ...given.slice(3)]);
});
