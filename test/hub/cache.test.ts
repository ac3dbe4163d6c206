import t, { type Test } from 'tap';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { cachedModels, fetchModel, resolveModel } from '../../lib/hub';
import { expected } from '../parity/expected';
import { COMMIT, startStub, stubModels } from './models';
import { gitSha1, sha256, type HubStub } from './stub';

type Tree = Record<string, number | string>;
interface Python {
  names: string[];
  /** Sizes of files, and where links lead. */
  python: Tree;
  listings: Record<string, string>;
  oursAsPythonSeesIt: Record<string, { bytes: number; revisions: Record<string, { refs: string[]; files: string[] }> }>;
}
// Made by test/parity/make_hub.py with huggingface_hub, from the same stub.
const { names, python, listings, oursAsPythonSeesIt } = expected<Python>('hub');

const environment = (cache: string, stub?: HubStub): Record<string, string> => ({
  HOME: cache,
  HF_HUB_CACHE: cache,
  HF_ENDPOINT: stub?.endpoint ?? 'http://127.0.0.1:9',
  HF_HUB_OFFLINE: stub ? '' : '1',
});

function treeOf(cache: string): Tree {
  const found = readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((name) => !name.startsWith('.locks'));
  const entries = found.sort().flatMap((name): [string, number | string][] => {
    const stat = lstatSync(join(cache, name));
    if (stat.isDirectory()) return [];
    return [[name, stat.isSymbolicLink() ? `-> ${readlinkSync(join(cache, name))}` : stat.size]];
  });
  return Object.fromEntries(entries);
}

const ofModels = (tree: Tree): Tree => Object.fromEntries(Object.entries(tree).filter(([name]) => name.startsWith('models--'))); // prettier-ignore

/** The cache that Python has made, put together again. */
function pythonCache(t: Test): string {
  const cache = t.testdir({});
  const contents = Object.values(stubModels()).flatMap(({ files }) =>
    Object.values(files).map((file) => Buffer.from(file)),
  );
  const blobs = new Map(contents.flatMap((content) => [[sha256(content), content], [gitSha1(content), content]] as const)); // prettier-ignore
  for (const [name, what] of Object.entries(python)) {
    mkdirSync(dirname(join(cache, name)), { recursive: true });
    const [, id, kind, last] = /^models--(.+?)\/(\w+)\/(.+)$/.exec(name) ?? [];
    if (typeof what === 'string') symlinkSync(what.slice(3), join(cache, name));
    else if (kind === undefined)
      continue; // CACHEDIR.TAG
    else if (kind === 'blobs') writeFileSync(join(cache, name), blobs.get(last) ?? '');
    else if (kind === 'refs') writeFileSync(join(cache, name), stubModels()[id.replace('--', '/')].commit);
    else if (kind === 'trees') writeFileSync(join(cache, name), listings[name]);
  }
  return cache;
}

t.test('what is fetched lies where Python puts it', async (t) => {
  const stub = await startStub();
  t.teardown(() => stub.stop());
  const cache = t.testdir({});
  for (const name of names) await resolveModel(name, { env: environment(cache, stub) });
  const made = treeOf(cache);
  for (const [name, what] of Object.entries(made)) t.equal(what, python[name], name);
  for (const [id, { bytes, revisions }] of Object.entries(oursAsPythonSeesIt)) {
    const [entry, ...more] = cachedModels({ cache }).filter(({ name }) => name === id);
    t.same(more, []);
    const [[commit, { refs, files }]] = Object.entries(revisions);
    t.match(entry, { revision: commit, refs, bytes, complete: true, missing: [] });
    t.same(readdirSync(entry.path ?? '').sort(), files);
  }
});

t.test('what Python has fetched is found without a hub', async (t) => {
  const cache = pythonCache(t);
  t.same(treeOf(cache), ofModels(python));
  const env = environment(cache);
  const path = join(cache, 'models--acme--small', 'snapshots', COMMIT);
  const small = { path, name: 'acme/small', revision: COMMIT };
  t.same(await resolveModel('acme/small', { env }), small);
  t.same(await resolveModel(`acme/small@${COMMIT}`, { env }), small);
  t.match(await resolveModel('acme/shards', { env }), { revision: 'a'.repeat(40) });
  t.match(await resolveModel('acme/one-GGUF:x-Q4_0.gguf', { env }), { name: 'acme/one-GGUF:x-Q4_0.gguf' });
  t.match(await fetchModel('acme/small', { env }), { ...small, fetched: 0 });
  const offline = /: HF_HUB_OFFLINE is set, and the cache \S+ /;
  const refused = async (name: string, message: RegExp): Promise<void> => {
    await t.rejects(resolveModel(name, { env }), new RegExp(offline.source + message.source));
  };
  await refused('acme/other', /has nothing of it$/);
  await refused('acme/small@v1', /has nothing of it$/);
  // Whether the repository has other files too is not known here.
  await refused('acme/one-GGUF', /lacks config.json; it has acme\/one-GGUF:x-Q4_0.gguf$/);
  rmSync(join(path, 'tokenizer.json'));
  await refused('acme/small', /lacks tokenizer.json$/);
  const shards = join(cache, 'models--acme--shards', 'snapshots', 'a'.repeat(40));
  rmSync(join(shards, 'model-00002-of-00002.safetensors'));
  await refused('acme/shards', /lacks model-00002-of-00002.safetensors$/);
});

t.test('what is missing of it is fetched, and nothing else', async (t) => {
  const stub = await startStub();
  t.teardown(() => stub.stop());
  const cache = pythonCache(t);
  const folder = join(cache, 'models--acme--shards');
  const last = join(folder, 'snapshots', 'a'.repeat(40), 'model-00002-of-00002.safetensors');
  rmSync(join(dirname(last), readlinkSync(last)));
  t.notOk(existsSync(last), 'the link leads nowhere');
  // A machine that went down may leave this.
  truncateSync(
    join(
      folder,
      'blobs',
      readlinkSync(join(dirname(last), 'tokenizer.json'))
        .split('/')
        .at(-1) ?? '',
    ),
    0,
  );
  const env = environment(cache, stub);
  t.match(await fetchModel('acme/shards', { env }), { fetched: 100_000 + statSync(join(dirname(last), 'tokenizer.json')).size }); // prettier-ignore
  t.equal(stub.count(/resolve/), 2);
  t.equal(statSync(last).size, 100_000);
  t.same(treeOf(cache), ofModels(python), 'as Python had it');
});

t.test('a tokenizer that Python has not fetched with the weights is fetched, where there is a hub', async (t) => {
  const stub = await startStub();
  t.teardown(() => stub.stop());
  const cache = pythonCache(t);
  rmSync(join(cache, 'models--acme--small', 'trees'), { recursive: true });
  const tokenizer = join(cache, 'models--acme--small', 'snapshots', COMMIT, 'tokenizer.json');
  rmSync(tokenizer);
  const found = { name: 'acme/small', revision: COMMIT };
  t.match(await resolveModel('acme/small', { env: environment(cache) }), found, 'offline it is what there is');
  stub.fault = () => ({ status: 500 });
  t.match(await resolveModel('acme/small', { env: environment(cache, stub), pauseMs: 1 }), found);
  t.notOk(existsSync(tokenizer));
  stub.fault = () => undefined;
  t.match(await resolveModel('acme/small', { env: environment(cache, stub) }), found);
  t.ok(existsSync(tokenizer));
  stub.asked.length = 0;
  t.match(await resolveModel('acme/small', { env: environment(cache, stub) }), found);
  t.equal(stub.asked.length, 0);
});

t.test('a path that is there wins, and is left alone', async (t) => {
  const folder = t.testdir({ acme: { small: {} }, 'x.gguf': '' });
  const env = environment(folder);
  t.same(await resolveModel(folder, { env }), { path: folder });
  t.same(await resolveModel(join(folder, 'x.gguf'), { env }), { path: join(folder, 'x.gguf') });
  const before = process.cwd();
  process.chdir(folder);
  t.teardown(() => process.chdir(before));
  t.same(await resolveModel('acme/small', { env }), { path: 'acme/small' });
  await t.rejects(resolveModel('./acme/other', { env }), {
    name: 'InputError',
    message: './acme/other: no such folder or file, and no name of a model (ORG/NAME, ORG/NAME@REVISION, ORG/NAME:FILE.gguf)', // prettier-ignore
  });
  await t.rejects(resolveModel('acme/other/x.gguf', { env }), /; on the hub that file is acme\/other:x.gguf$/);
});

t.test('a branch that has moved: the cache is taken until it is fetched anew', async (t) => {
  const models = stubModels();
  const stub = await startStub(models);
  t.teardown(() => stub.stop());
  const env = environment(t.testdir({}), stub);
  const first = await resolveModel('acme/small', { env });
  models['acme/small'].commit = '9'.repeat(40);
  models['acme/small'].files['config.json'] = '{"model_type":"llama"}';
  stub.asked.length = 0;
  t.same(await resolveModel('acme/small', { env }), first);
  t.equal(stub.asked.length, 0, 'the hub is not asked');
  const second = await fetchModel('acme/small', { env });
  t.match(second, { revision: '9'.repeat(40), fetched: 22 });
  t.equal(stub.asked.filter(({ host }) => host === 'store').length, 0, 'the weights are the same');
  t.same(await resolveModel('acme/small', { env }), { ...first, path: second.path, revision: second.revision });
  t.same(await resolveModel(`acme/small@${COMMIT}`, { env }), first, 'the old one is still there');
});

t.test('a cache that cannot be written to serves what it has', async (t) => {
  const stub = await startStub();
  t.teardown(() => stub.stop());
  const cache = pythonCache(t);
  const locked = (names: string[], mode: number): void => names.forEach((name) => chmodSync(join(cache, name), mode));
  const folders = readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((name) => lstatSync(join(cache, name)).isDirectory()); // prettier-ignore
  locked([...folders, '.'], 0o555);
  t.teardown(() => locked(['.', ...folders], 0o755));
  t.match(await resolveModel('acme/small', { env: environment(cache, stub) }), { revision: COMMIT });
  if (process.getuid?.() === 0) return; // root may write everywhere
  await t.rejects(resolveModel('acme/secret', { env: environment(cache, stub) }), /cannot be written to .*HF_HUB_CACHE names another folder/); // prettier-ignore
});

const CHILD = `
  require('./lib/hub').fetchModel(process.argv[1], { onWait: (pid) => console.error('waits for', pid) })
    .then(({ fetched }) => console.log(fetched));
`;

function fetchElsewhere(
  name: string,
  env: Record<string, string>,
): { child: ReturnType<typeof spawn>; ended: Promise<{ code: number | null; stdout: string; stderr: string }> } {
  const child = spawn(process.execPath, ['--import', './test/typescript.mjs', '-e', CHILD, name], {
    cwd: join(__dirname, '..', '..'),
    env: { ...process.env, ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => (stderr += String(text)));
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr }))) };
}

t.test('processes that fetch the same at once both end right, and fetch it once', async (t) => {
  const stub = await startStub();
  t.teardown(() => stub.stop());
  stub.fault = ({ host }) => (host === 'store' ? { slow: 150 } : undefined);
  const cache = t.testdir({});
  const env = environment(cache, stub);
  const here = [0, 1].map(() => fetchModel('acme/shards', { env }));
  const there = [0, 1].map(() => fetchElsewhere('acme/shards', env).ended);
  const fetched = (await Promise.all(here)).map(({ fetched }) => fetched);
  const ends = await Promise.all(there);
  t.same(ends.map(({ code }) => code), [0, 0], ends.map(({ stderr }) => stderr).join()); // prettier-ignore
  const all = [...fetched, ...ends.map(({ stdout }) => Number(stdout))].sort((a, b) => a - b);
  const { bytes } = oursAsPythonSeesIt['acme/shards'];
  t.same(all, [0, 0, 0, bytes]);
  t.equal(stub.asked.filter(({ host }) => host === 'store').length, 3, 'every large file once');
  t.same(readdirSync(join(cache, '.locks', 'models--acme--shards')), []);
});

t.test('a process that is killed leaves no snapshot; the next goes on from what it had', async (t) => {
  const stub = await startStub();
  t.teardown(() => stub.stop());
  const cache = t.testdir({});
  const env = environment(cache, stub);
  stub.fault = ({ host, before }) => (host === 'store' && before === 0 ? { slow: 100 } : undefined);
  const { child, ended } = fetchElsewhere('acme/small', env);
  const blobs = join(cache, 'models--acme--small', 'blobs');
  const part = join(
    blobs,
    `${sha256(Buffer.from(stubModels()['acme/small'].files['model.safetensors']))}.soo.incomplete`,
  );
  while (!((statSync(part, { throwIfNoEntry: false })?.size ?? 0) >= 65_536)) await new Promise((next) => setTimeout(next, 5)); // prettier-ignore
  child.kill('SIGKILL');
  await ended;
  t.notOk(existsSync(join(cache, 'models--acme--small', 'snapshots')));
  t.match(cachedModels({ cache }), [{ name: 'acme/small', revision: null, complete: false }]);
  stub.asked.length = 0;
  const { size } = statSync(part);
  t.match(await resolveModel('acme/small', { env }), { revision: COMMIT });
  t.same(stub.asked.filter(({ host }) => host === 'store').map(({ range }) => range), [`bytes=${size}-`]); // prettier-ignore
  t.notOk(existsSync(part));
});
