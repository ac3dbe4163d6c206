import { spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { lockPlace, makeFolders, ownFolder } from '../../lib/files/folders';
import { takeLock } from '../../scripts/lock';

const DAY_MS = 86_400_000;
const started = (pid: number): string => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
};

/** A lock that somebody else has left. */
function left(file: string, holder: unknown, age = DAY_MS): void {
  writeFileSync(file, typeof holder === 'string' ? holder : JSON.stringify(holder));
  const time = new Date(Date.now() - age);
  utimesSync(file, time, time);
}

t.test('locks that nobody holds are taken over at once', async (t) => {
  const file = join(t.testdir(), 'lock');
  const own = takeLock(file);
  const { place } = JSON.parse(readFileSync(file, 'utf8')) as { place: string };
  t.match(place, new RegExp(`^${hostname()} `));
  own.release?.();
  const cases: [string, unknown, number?][] = [
    ['its own number, from before', { pid: process.pid, place }],
    ['its own number, just now', { pid: process.pid, place }, 0],
    ['its own number, and another beginning', { pid: process.pid, place, started: '1' }, 0],
    ['process 1, a day ago', { pid: 1, place }],
    ['process 1, which began at another time', { pid: 1, place, started: '0' }, 0],
    ['process 0', { pid: 0, place }, 0],
    ['all processes', { pid: -1, place }, 0],
    ['a dead process', { pid: 2 ** 22 + 1, place, started: '5' }, 0],
    ['another machine, a day ago', { pid: 1, place: 'elsewhere pid:[1]', started: '5' }],
    ['the format of before', { pid: 1, host: hostname() }],
    ['junk', 'junk', 0],
    ['null', 'null', 0],
    ['nothing', '', 0],
  ];
  for (const [name, holder, age] of cases) {
    left(file, holder, age);
    const lock = takeLock(file);
    t.ok(lock.release, name);
    lock.release?.();
    t.notOk(existsSync(file), `${name}: released`);
  }
});

t.test('locks that are held are refused, however long they are', async (t) => {
  const file = join(t.testdir(), 'lock');
  const lock = takeLock(file);
  t.match(takeLock(file), { holder: { pid: process.pid } }, 'by this process');
  const { place } = JSON.parse(readFileSync(file, 'utf8')) as { place: string };
  left(file, { pid: process.ppid, place, started: started(process.ppid) });
  t.match(takeLock(file), { holder: { pid: process.ppid } }, 'a process in a step of a day');
  left(file, { pid: 1, place: 'elsewhere pid:[1]' }, 0);
  t.match(takeLock(file), { holder: { pid: 1 } }, 'another machine, just now');
  lock.release?.();
  t.ok(existsSync(file), 'what was taken over since is not ours to release');
});

t.test('a link in the place of the lock leads nowhere', async (t) => {
  const folder = t.testdir({ victim: 'my only copy' });
  symlinkSync('victim', join(folder, '.soo-lock'));
  {
    using _lock = lockPlace(folder);
    t.ok(lstatSync(join(folder, '.soo-lock')).isFile());
    t.throws(() => lockPlace(folder), { name: 'InputError', message: /this process \(\d+\) is writing there/ });
  }
  t.same(readdirSync(folder), ['victim']);
  t.equal(readFileSync(join(folder, 'victim'), 'utf8'), 'my only copy');
});

/** Takes the lock again and again, and adds to a number while it holds it. */
const CHILD = `
  const { takeLock } = require(${JSON.stringify(join(__dirname, '../../scripts/lock.js'))});
  const fs = require('node:fs');
  const [file, number, rounds] = process.argv.slice(1);
  const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  for (let done = 0; done < Number(rounds);) {
    const lock = takeLock(file);
    if (!lock.release) { pause(Math.random()); continue; }
    const before = Number(fs.readFileSync(number, 'utf8'));
    pause(Math.random() * 2);
    fs.writeFileSync(number, String(before + 1));
    // Every third one ends as a killed process does: the lock stays, of a process that is none.
    if (done++ % 3 === 0) fs.writeFileSync(file, JSON.stringify({ pid: 0 }));
    else lock.release();
  }`;

t.test('of processes that take and leave it, one has it at a time', async (t) => {
  const folder = t.testdir({ number: '0' });
  const [file, number] = [join(folder, 'lock'), join(folder, 'number')];
  const rounds = 30;
  const one = (): Promise<number | null> =>
    new Promise((done) =>
      spawn(process.execPath, ['-e', CHILD, file, number, String(rounds)], { stdio: 'inherit' }).on('close', done),
    );
  t.same(await Promise.all([one(), one(), one(), one()]), [0, 0, 0, 0]);
  t.equal(readFileSync(number, 'utf8'), String(4 * rounds), 'no step was lost');
});

t.test('folders are made, and never behind a link', async (t) => {
  const folder = t.testdir({ file: '', real: {} });
  makeFolders(join(folder, 'a', 'b', 'c'));
  t.ok(lstatSync(join(folder, 'a', 'b', 'c')).isDirectory());
  makeFolders(join(folder, 'a'));
  t.throws(() => makeFolders(join(folder, 'file')), /wanted a folder, but it is a file/);
  t.throws(() => makeFolders(join(folder, 'file', 'below')), /ENOTDIR/);
  t.throws(() => makeFolders('/proc/soo-torch/below'), /ENOENT/, 'and it returns');
  symlinkSync('real', join(folder, 'link'));
  t.throws(() => ownFolder(folder, 'link'), { name: 'InputError', message: /but it is a link to another place/ });
  t.throws(() => ownFolder(folder, 'link', 'below'), { name: 'InputError' });
  t.equal(ownFolder(folder, 'mine', 'below'), join(folder, 'mine', 'below'));
  t.same(readdirSync(join(folder, 'real')), []);
  mkdirSync(join(folder, 'chosen'));
  symlinkSync('chosen', join(folder, 'named'));
  t.equal(
    ownFolder(join(folder, 'named'), 'charts'),
    join(folder, 'named', 'charts'),
    'what the user names may be a link',
  );
});
