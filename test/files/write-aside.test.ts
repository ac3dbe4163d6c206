import t from 'tap';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAside, writeTextAside } from '../../lib/files/write-aside';

const MODULE = join(__dirname, '..', '..', 'lib', 'files', 'write-aside');
const TYPESCRIPT = join(__dirname, '..', '..', 'scripts', 'typescript.js');

t.test('a file is whole or as it was', async (t) => {
  const path = join(t.testdir({ 'a.json': 'old' }), 'a.json');
  const failing = (append: (bytes: Uint8Array) => void): void => {
    append(Buffer.from('half'));
    throw new Error('stop');
  };
  t.throws(() => writeAside(path, failing), { message: 'stop' });
  t.equal(readFileSync(path, 'utf8'), 'old');
  writeTextAside(path, 'new');
  t.equal(readFileSync(path, 'utf8'), 'new');
  t.same(readdirSync(join(path, '..')), ['a.json']);
});

t.test('what a killed process left goes with the next write of the same file', async (t) => {
  const folder = t.testdir({});
  const dies = (name: string): void => {
    const write = `(append) => { append(Buffer.from('half')); process.kill(process.pid, 'SIGKILL'); }`;
    const program = `require(${JSON.stringify(MODULE)}).writeAside(${JSON.stringify(join(folder, name))}, ${write})`;
    t.equal(spawnSync(process.execPath, ['-r', TYPESCRIPT, '-e', program]).signal, 'SIGKILL');
  };
  dies('a.json');
  dies('b.json');
  const [ofA, ofB] = readdirSync(folder).sort();
  t.match(ofA, /^\.a\.json\.\w{8}-\d+-\w{8}\.tmp$/);
  const alive = ofA.replace(/-\d+-/, `-${process.ppid}-`);
  const elsewhere = ofA.replace(/\.\w{8}-/, '.00000000-');
  for (const name of [alive, elsewhere]) writeFileSync(join(folder, name), 'half');
  writeTextAside(join(folder, 'a.json'), 'whole');
  t.same(readdirSync(folder).sort(), [alive, elsewhere, ofB, 'a.json'].sort(), 'others may still be at theirs');
  t.equal(readFileSync(join(folder, 'a.json'), 'utf8'), 'whole');
});
