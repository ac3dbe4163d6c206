import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';

const ROOT = path.resolve(__dirname, '../..');

t.test('TypeScript is compiled once, and again when it has changed', async (t) => {
  const root = t.testdir({
    scripts: {},
    node_modules: {},
    'a.ts': "import { b } from './b';\nconst a: number = b;\nconsole.log(a, typeof import('node:fs').then);\n",
    'b.ts': 'export const b: number = 1;\n',
  });
  const at = (...names: string[]): string => path.join(root, ...names);
  cpSync(path.join(ROOT, 'scripts/typescript.js'), at('scripts/typescript.js'));
  cpSync(path.join(ROOT, 'tsconfig.json'), at('tsconfig.json'));
  symlinkSync(path.join(ROOT, 'node_modules/typescript'), at('node_modules/typescript'));
  const run = (name = 'a.ts') =>
    spawnSync(process.execPath, ['-r', './scripts/typescript.js', '-e', `require('./${name}')`], {
      cwd: root,
      encoding: 'utf8',
    });
  const kept = at('node_modules/.cache/soo-torch/typescript');
  const code = (): string[] => readdirSync(kept).map((name) => readFileSync(path.join(kept, name), 'utf8'));

  t.match(run(), { stdout: '1 function\n', stderr: '', status: 0 });
  t.equal(code().length, 2);
  for (const name of readdirSync(kept)) {
    const file = path.join(kept, name);
    writeFileSync(file, readFileSync(file, 'utf8').replace('b = 1;', 'b = 7;'));
  }
  t.match(run(), { stdout: '7 function\n' }, 'what is kept is run');

  writeFileSync(at('b.ts'), 'export const b: number = 2;\n');
  t.match(run(), { stdout: '2 function\n' }, 'a file has changed');
  t.equal(code().length, 2, 'nothing old is kept');
  for (const name of readdirSync(kept)) writeFileSync(path.join(kept, name), '{"key": "cut of');
  t.match(run(), { stdout: '2 function\n' }, 'what is kept is damaged');

  writeFileSync(at('c.ts'), 'interface C {\n  c: number;\n}\n\nthrow new Error(`${{ c: 1 } satisfies C}`);\n');
  for (const time of ['first', 'second']) t.match(run('c.ts').stderr, /c\.ts:5\b/, `lines of the source, ${time} time`);

  writeFileSync(at('b.ts'), 'export const b: number = ;\n');
  t.match(run(), { status: 1, stderr: /SyntaxError/ });
});
