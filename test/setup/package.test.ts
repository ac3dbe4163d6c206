import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { writeDemoResults } from '../../lib/studies/demo';
import { wholeRun } from '../report/made-up';

const ROOT = path.resolve(__dirname, '../..');

/** Packs the built package and installs the tarball into an empty project, with the addon that is built here. */
function installTarball(project: string): void {
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

const PAGES = ['README', 'docs/servers', 'docs/tensors', 'docs/language-models', 'docs/soo', 'docs/reports', 'docs/rl'];

/** The `ts` and `js` blocks of the README and the pages that it points to, in order. */
function examples(): string[] {
  return PAGES.flatMap((page) => {
    const text = readFileSync(path.join(ROOT, `${page}.md`), 'utf8');
    const found = [...text.matchAll(/^```(?:ts|js)\n([^]*?)^```/gm)].map(([, code = '']) => code);
    if (found.length === 0) throw new Error(`${page}.md: there is no example`);
    return found;
  });
}

// Away from the repository, so that nothing is found there that was not installed.
const project = mkdtempSync(path.join(tmpdir(), 'soo-torch-package-'));
t.teardown(() => rmSync(project, { recursive: true, force: true }));
installTarball(project);

t.test('the tarball holds what is needed and nothing else', async (t) => {
  const names = readdirSync(path.join(project, 'node_modules/soo-torch')).sort();
  for (const name of ['CMakeLists.txt', 'LICENSE', 'bin', 'binding.gyp', 'dist', 'native', 'organism', 'scripts']) {
    t.ok(names.includes(name), name);
  }
  for (const name of ['lib', 'test', 'bench', 'experiments', '.ci', '.taprc']) t.notOk(names.includes(name), name);
  // What an install weighs: charts and build tools are not in it.
  const packages = Object.keys(
    (JSON.parse(readFileSync(path.join(project, 'package-lock.json'), 'utf8')) as { packages: object }).packages,
  );
  t.ok(packages.length <= 23, `${packages.length} packages: ${packages.join(' ')}`);
});

t.test('every script in the tarball loads, and every link of its documents leads somewhere', async (t) => {
  const root = path.join(project, 'node_modules/soo-torch');
  for (const name of readdirSync(path.join(root, 'scripts')).filter((each) => each.endsWith('.js'))) {
    const ran = node(project, '-e', `require(${JSON.stringify(path.join(root, 'scripts', name))})`);
    t.equal(ran.status, 0, `${name}: ${ran.stderr}`);
  }
  const pages = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.md') && !name.includes('node_modules'),
  );
  for (const page of pages) {
    const text = readFileSync(path.join(root, page), 'utf8');
    for (const [, link = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g))
      if (!/^https?:/.test(link)) t.ok(existsSync(path.join(root, path.dirname(page), link)), `${page}: ${link}`);
  }
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
  const message = "Type 'number[]' is not assignable to type 'string'.";
  const wanted = [`bad.cts: ${message}`, `bad.mts: ${message}`];
  const typeRoots = [path.join(ROOT, 'node_modules/@types')];
  t.same(complaints(files, { lib: ['lib.es2022.d.ts'], types: ['node'], typeRoots }), wanted, 'with @types/node');
  t.same(complaints(files, { lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], types: [] }), wanted, 'without');
});

/** What TypeScript says of the files and of every declaration that they lead to. */
function complaints(files: readonly string[], options: ts.CompilerOptions): string[] {
  const program = ts.createProgram(
    files.map((name) => path.join(project, name)),
    {
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      ...options,
    },
  );
  const found = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, ' ');
    return `${path.relative(project, file?.fileName ?? '')}: ${text}`;
  });
  return found.sort();
}

t.test('the command runs', async (t) => {
  const ran = node(project, 'node_modules/.bin/soo', 'doctor', '--json');
  t.equal(ran.status, 0, ran.stderr + ran.stdout);
  t.match(JSON.parse(ran.stdout), { devices: [/^cpu/], problems: [] });
});

t.test('whoever asks for a drawing is told in one line which packages to add', async (t) => {
  const film = path.join(project, 'film');
  const play = ['rl', 'film', '--trajectory', path.join(ROOT, 'test/rl/trajectories.json')];
  const refused = node(project, 'node_modules/.bin/soo', ...play, '--out', `${film}.gif`);
  t.equal(refused.status, 1);
  t.match(
    refused.stderr,
    /^soo: .*charts and films need packages that are not installed: npm install @resvg\/resvg-js@2 gifenc@1 vega@6 vega-lite@6\n$/,
  );
  t.equal(node(project, 'node_modules/.bin/soo', ...play, '--out', `${film}.svg`).status, 0, 'SVG needs none of them');
  const results = path.join(project, 'results.json');
  writeDemoResults(results, wholeRun());
  const report = node(project, 'node_modules/.bin/soo', 'report', results);
  t.match(report, { status: 1, stdout: '', stderr: /^soo: charts and films need [^\n]* vega-lite@6\n$/ });
});

t.test('whoever has answers judged is told which package to add', async (t) => {
  const code = "new (require('soo-torch').evals.mtBench.Endpoint)({ baseUrl: 'http://localhost/v1' })";
  t.match(
    node(project, '-e', code).stderr,
    /MissingPackages: a judge behind an endpoint needs a package that is not installed: npm install openai@6\n/,
  );
});

t.test('the embedded model is found through an export, as a folder and by file', async (t) => {
  const code = `
    const { organism } = require('soo-torch');
    console.log(require.resolve('soo-torch/organism/config.json') === organism.folder + '/config.json')`;
  t.equal(node(project, '-e', code).stdout, 'true\n');
});

t.test('a compute worker starts from a program that requires the package', async (t) => {
  const code = `
    const { compute, organism } = require('soo-torch');
    const worker = compute.worker({ threads: 1 });
    worker.load(organism.folder).then(({ parameters }) => console.log(parameters))`;
  t.match(node(project, '-e', code), { status: 0, stdout: '226752\n', stderr: '' }); // and nothing holds its end up
});

t.test('the examples of the documentation run', async (t) => {
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
