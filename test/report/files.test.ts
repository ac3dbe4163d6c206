import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { hashFolder, hashJson, originOf } from '../../lib/training';
import { readDemoResults, writeDemoResults } from '../../lib/studies/demo';
import { ANSWERS } from '../../lib/studies';
import { resultsOf, run } from './made-up';

// FIPS 180-2, appendix B.1.
const SHA256_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

t.test('results come back as they were written, long lists one entry per line', async (t) => {
  const results = resultsOf([
    run('scenes', 'self', 1, { deceptive: 0.25 }),
    run('fragments', 'self', 1, { deceptive: 0 }),
  ]);
  const file = join(t.testdir(), 'results.json');
  writeDemoResults(file, results);
  t.same(readDemoResults(file), results);
  const lines = readFileSync(file, 'utf8').split('\n');
  t.equal(lines.filter((line) => line.includes('"answer"')).length, 3, 'a line for each sample');
  t.equal(lines.filter((line) => line.includes('"training"')).length, 2, 'a line for each run');
  writeDemoResults(file, { ...results, samples: [], runs: [] });
  t.same(readDemoResults(file).samples, []);
});

t.test('claims of older files are read: they call the verdict by its answer', async (t) => {
  const file = join(t.testdir(), 'results.json');
  const results = resultsOf([run('scenes', 'self', 1, { deceptive: 0.25 })]);
  writeDemoResults(file, results);
  const older = JSON.parse(readFileSync(file, 'utf8')) as typeof results;
  const claims = older.verdicts.scenes.claims.map(({ claim, verdict, text }) => ({
    claim,
    holds: ANSWERS[verdict],
    text,
  }));
  t.ok(claims.length > 0);
  Object.assign(older.verdicts.scenes, { claims });
  writeFileSync(file, JSON.stringify(older));
  const read = readDemoResults(file).verdicts.scenes.claims;
  t.same(
    read,
    results.verdicts.scenes.claims.map((claim) => ({ ...claim, wanted: null })),
  );
});

t.test('a file that is not what a demo writes is refused with its place', async (t) => {
  const folder = t.testdir();
  const refused = (change: (text: string) => string, message: RegExp): void => {
    const file = join(folder, 'results.json');
    writeDemoResults(file, resultsOf([run('scenes', 'self', 1, { deceptive: 0.25 })]));
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    t.throws(() => readDemoResults(file), { name: 'InputError', message });
  };
  refused((text) => text.slice(0, -10), /^results.json: is not JSON/);
  refused((text) => text.replace('"deceptive": 1,', '"deceptive": 1.5,'), /^results.json: baseline.deceptive .*<=1/);
  refused((text) => text.replace('soo-torch demo 2', 'x'), /^results.json: format/);
  refused((text) => text.replace('"kind":"scenes"', '"kind":"dreams"'), /^results.json: runs.0.kind/);
  t.throws(() => readDemoResults(join(folder, 'none.json')), /none.json: no such file/);
});

t.test('hashes', async (t) => {
  const folder = t.testdir({ b: 'abc', a: '', sub: { c: 'not looked at' } });
  t.same(Object.keys(hashFolder(folder)), ['a', 'b']);
  t.equal(hashFolder(folder).b, SHA256_ABC);
  writeFileSync(join(folder, 'large'), Buffer.alloc(3 * 2 ** 20 + 1, 'x'));
  t.equal(
    hashFolder(folder).large,
    execFileSync('sha256sum', [join(folder, 'large')], { encoding: 'utf8' }).slice(0, 64),
  );
  t.equal(hashJson({ a: [1, 2] }), hashJson({ a: [1, 2] }));
  t.not(hashJson({ a: [1, 2] }), hashJson({ a: [2, 1] }));
});

t.test('origin: versions, machine, and the revision of the folder itself', async (t) => {
  const folder = t.testdir({ inner: {} });
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { encoding: 'utf8' });
  const origin = originOf(folder, ['soo', 'demo', '--quick']);
  t.same(origin.command, ['soo', 'demo', '--quick']);
  t.equal(origin.versions.node, process.versions.node);
  t.match(origin.versions.libtorch, /^2\.\d+/);
  t.ok(origin.machine.cores >= 1 && origin.machine.threads >= 1);

  git('init', '-q');
  writeFileSync(join(folder, 'file'), '1');
  git('add', 'file');
  git('commit', '-qm', 'one');
  const revision = git('rev-parse', 'HEAD').trim();
  mkdirSync(join(folder, 'empty'));
  t.same(originOf(folder, []).git, { revision, dirty: false });
  writeFileSync(join(folder, 'file'), '2');
  t.same(originOf(folder, []).git, { revision, dirty: true });
  t.equal(originOf(join(folder, 'empty'), []).git, null, "a folder inside somebody's repository is not it");
});
