import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readInput } from '../../lib/files/input-file';
import { readJsonFile } from '../../lib/files/json-file';

const ROOT = join(__dirname, '..', '..');
/** Reads `path` in a shell, so that the shell can put a pipe there; prints what came. */
const readIn = (shell: string, path: string, script: string): string => {
  const call = `require('./lib/files/input-file').readInput(process.argv[1])`;
  const node = `node --import ./test/typescript.mjs -e "process.stdout.write(String(${call}.length))"`;
  const ran = spawnSync('bash', ['-c', script.replace('READ', `${node} ${path}`)], {
    cwd: ROOT,
    encoding: 'utf8',
    input: shell,
  });
  return ran.stdout + ran.stderr;
};

t.test('a pipe and stdin are read as a file is', async (t) => {
  const folder = t.testdir({ file: 'x'.repeat(300_000) });
  const file = join(folder, 'file');
  t.equal(readInput(file).length, 300_000);
  t.equal(readIn('', `<(cat ${file})`, 'READ'), '300000', 'a pipe of the shell');
  t.equal(readIn('', `<(sleep 0.3; printf abc; sleep 0.3; printf def)`, 'READ'), '6', 'one that is slow');
  t.equal(readIn('four', '-', 'READ'), '4', 'stdin');
  t.equal(readIn('four', '/dev/stdin', 'READ'), '4', 'stdin by its name');
  execFileSync('mkfifo', [join(folder, 'named')]);
  t.equal(readIn('', join(folder, 'named'), `(sleep 0.2; cat ${file} > ${join(folder, 'named')}) & READ`), '300000');
});

t.test('what is neither is refused', async (t) => {
  const folder = t.testdir({});
  t.throws(() => readInput(folder), { name: 'InputError', message: /wanted a file/ });
  t.throws(() => readInput('/dev/zero'), { name: 'InputError', message: /wanted a file/ });
  t.throws(() => readInput(join(folder, 'none')), { name: 'InputError', message: /no such file/ });
});

t.test('a pipe in a folder of others, and JSON of millions of values, are refused before they are read', async (t) => {
  const folder = t.testdir({});
  execFileSync('mkfifo', [join(folder, 'config.json')]);
  t.throws(() => readJsonFile(join(folder, 'config.json')), { name: 'InputError', message: /wanted a file/ });
  const many = join(folder, 'many.json');
  for (const [piece, message] of [
    ['{},', /objects and lists, more than/],
    ['0,', /values, more than/],
  ] as const) {
    writeFileSync(many, `[${piece.repeat(5_000_000)}0]`);
    t.throws(() => readJsonFile(many), { name: 'InputError', message });
  }
});
