import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import ts from 'typescript';

const ROOT = path.resolve(__dirname, '../..');

/** Packs the built package and installs the tarball into an empty project, with the addon that is built here. */
function installTarball(project: string): void {
  mkdirSync(project, { recursive: true });
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true }));
  // dist and the addon are there already: the scripts that would make them again are left out.
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = (cwd: string, ...args: string[]) => execFileSync('npm', [...args, ...quiet], { cwd, encoding: 'utf8' });
  npm(ROOT, 'pack', '--pack-destination', project);
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'));
  npm(project, 'install', `./${tarball}`, '--prefer-offline');
  symlinkSync(path.join(ROOT, 'build'), path.join(project, 'node_modules/soo-torch/build'));
}

function node(project: string, ...args: string[]) {
  return spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8' });
}

const PAGES = ['README', 'docs/tensors', 'docs/language-models', 'docs/soo', 'docs/reports', 'docs/rl'];

/** The `ts` and `js` blocks of the README and the pages that it points to, in order. */
function examples(): string[] {
  return PAGES.flatMap((page) => {
    const text = readFileSync(path.join(ROOT, `${page}.md`), 'utf8');
    const found = [...text.matchAll(/^```(?:ts|js)\n([^]*?)^```/gm)].map(([, code = '']) => code);
    if (found.length === 0) throw new Error(`${page}.md: there is no example`);
    return found;
  });
}

const project = path.join(t.testdir(), 'project');
installTarball(project);

t.test('the tarball holds what is needed and nothing else', async (t) => {
  const names = readdirSync(path.join(project, 'node_modules/soo-torch')).sort();
  for (const name of ['CMakeLists.txt', 'LICENSE', 'bin', 'binding.gyp', 'dist', 'native', 'organism', 'scripts']) {
    t.ok(names.includes(name), name);
  }
  for (const name of ['lib', 'test', 'bench', '.ci', 'node_modules', '.taprc']) t.notOk(names.includes(name), name);
});

t.test('require and import give the same names and the same objects', async (t) => {
  writeFileSync(
    path.join(project, 'both.mjs'),
    `import { createRequire } from 'node:module';
     import soo, * as names from 'soo-torch';
     const required = createRequire(import.meta.url)('soo-torch');
     const { default: whole, ...rest } = names;
     const same = Object.keys(required).every((name) => required[name] === rest[name]) && whole === required;
     const sum = names.torch.tensor([1, 2, 3]).sum().item();
     console.log(JSON.stringify({ same, extra: Object.keys(rest).filter((name) => !(name in required)), sum }));`,
  );
  const { stdout, stderr } = node(project, 'both.mjs');
  t.equal(stderr, '');
  t.same(JSON.parse(stdout), { same: true, extra: [], sum: 6 });
});

t.test('the types are found both ways and say what is wrong', async (t) => {
  const body = (value: string) => `
    const x: Tensor = torch.tensor([[1, 2], [3, 4]], { dtype: 'float32' });
    const y: Tensor = x.logSoftmax(-1).matmul(x);
    const layer = new nn.Linear(2, 3);
    const shape: number[] = layer.call(y).shape;
    const wrong: ${value} = shape;
    export { wrong };`;
  const files = ['good.mts', 'good.cts', 'bad.mts', 'bad.cts'];
  for (const name of files) {
    const value = name.startsWith('good') ? 'number[]' : 'string';
    writeFileSync(path.join(project, name), `import { nn, torch, type Tensor } from 'soo-torch';${body(value)}`);
  }
  const program = ts.createProgram(
    files.map((name) => path.join(project, name)),
    {
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
      strict: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [path.join(ROOT, 'node_modules/@types')],
    },
  );
  const found = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, ' ');
    return `${path.relative(project, file?.fileName ?? '')}: ${text}`;
  });
  const message = "Type 'number[]' is not assignable to type 'string'.";
  t.same(found.sort(), [`bad.cts: ${message}`, `bad.mts: ${message}`]);
});

t.test('the command runs', async (t) => {
  const ran = node(project, 'node_modules/.bin/soo', 'doctor', '--json');
  t.equal(ran.status, 0, ran.stderr + ran.stdout);
  t.match(JSON.parse(ran.stdout), { devices: [/^cpu/], problems: [] });
});

t.test('the examples of the documentation run', async (t) => {
  // They are written for the repository's folder, where the embedded model lies beside them.
  symlinkSync(path.join(project, 'node_modules/soo-torch/organism'), path.join(project, 'organism'));
  examples().forEach((code, index) => {
    const { outputText } = ts.transpileModule(code, {
      compilerOptions: { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2022 },
    });
    const name = `example-${index + 1}.mjs`;
    writeFileSync(path.join(project, name), outputText);
    const ran = node(project, name);
    t.equal(ran.status, 0, `${name}\n${code}\n${ran.stderr}`);
  });
});
