import t, { type Test } from 'tap';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { HubError, resolveModel, type ResolvedModel, type ResolveOptions } from '../../lib/hub';
import { InputError } from '../../lib/files/input-error';
import { COMMIT, startStub, stubModels, TOKEN } from './models';
import { sha256, type Asked, type Fault, type HubStub } from './stub';

/** One hub that misbehaves in one way, and an empty cache. */
interface Case {
  stub: HubStub;
  cache: string;
  fetch(name: string, options?: ResolveOptions & { token?: string }): Promise<ResolvedModel>;
}

async function withStub(t: Test, fault: (asked: Asked) => Fault | undefined = () => undefined): Promise<Case> {
  const stub = await startStub();
  t.teardown(() => stub.stop());
  stub.fault = fault;
  const cache = join(t.testdir({}), 'hub');
  return {
    stub,
    cache,
    fetch(name, { token, ...options } = {}) {
      const env = {
        HOME: cache,
        HF_ENDPOINT: stub.endpoint,
        HF_HUB_CACHE: cache,
        HF_HUB_DOWNLOAD_TIMEOUT: '0.4',
        HF_TOKEN: token,
      };
      return resolveModel(name, { env, pauseMs: 5, ...options });
    },
  };
}

const SMALL = stubModels()['acme/small'].files;
const WEIGHTS = Buffer.from(SMALL['model.safetensors']);
const isStore = ({ host }: Asked): boolean => host === 'store';
const snapshots = (cache: string, name = 'acme--small'): string[] => {
  const folder = join(cache, `models--${name}`, 'snapshots');
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** The files are those of the hub, and nothing else lies about. */
function isWhole(t: Test, cache: string, { path }: ResolvedModel): void {
  const wanted = [
    'config.json',
    'generation_config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ];
  t.same(readdirSync(path).sort(), wanted);
  for (const name of wanted) t.ok(readFileSync(join(path, name)).equals(Buffer.from(SMALL[name])), name);
  const blobs = readdirSync(join(cache, 'models--acme--small', 'blobs'));
  t.same(blobs.filter((name) => name.includes('incomplete')), [], 'no parts are left'); // prettier-ignore
  t.same(readdirSync(join(cache, '.locks', 'models--acme--small')), [], 'no lock is left');
}

/** What mends itself: the file is whole in the end. */
const MENDED: Record<string, (asked: Asked) => Fault | undefined> = {
  'a hub in order': () => undefined,
  'connections cut in the middle': (asked) => (isStore(asked) && asked.before < 8 ? { cutAfter: 30_000 } : undefined),
  'a connection cut before the first byte': (asked) => (asked.before === 0 ? { cutAfter: 0 } : undefined),
  'too many requests, with the time to wait': ({ before }) =>
    before < 2 ? { status: 429, headers: { 'retry-after': '0' } } : undefined,
  'too many requests, until a date': ({ before }) =>
    before < 1 ? { status: 429, headers: { 'retry-after': new Date().toUTCString() } } : undefined,
  'errors of the server': ({ before }) => ([500, 503][before] ? { status: [500, 503][before] } : undefined),
  'a range that is ignored': (asked) =>
    isStore(asked) ? { ignoresRange: true, ...(asked.before === 0 && { cutAfter: 1000 }) } : undefined,
  'a range of which less comes than was asked for': (asked) =>
    isStore(asked) ? (asked.before === 0 ? { cutAfter: 1000 } : { shortRange: 50_000 }) : undefined,
  'a range of another place': (asked) =>
    isStore(asked) && asked.before < 2 ? { ...(asked.before === 0 ? { cutAfter: 1000 } : { contentRange: 'bytes 5-9/300000' }) } : undefined, // prettier-ignore
  'a range of a file of another size': (asked) =>
    isStore(asked) && asked.before < 2 ? { ...(asked.before === 0 ? { cutAfter: 1000 } : { contentRange: 'bytes 1000-1999/2000' }) } : undefined, // prettier-ignore
  'fewer bytes announced than there are': (asked) =>
    isStore(asked) && asked.before === 0 ? { length: 1000 } : undefined,
  'more bytes announced than there are': (asked) =>
    isStore(asked) && asked.before === 0 ? { length: 900_000 } : undefined,
  'silence after the first byte': (asked) => (asked.before === 0 ? { silent: true } : undefined),
  'another file in its place, once': (asked) =>
    isStore(asked) && asked.before === 0 ? { status: 200, body: Buffer.alloc(WEIGHTS.length) } : undefined,
  'a longer file that begins so': (asked) =>
    isStore(asked) ? { status: 200, body: Buffer.concat([WEIGHTS, WEIGHTS]) } : undefined,
};

for (const [what, fault] of Object.entries(MENDED)) {
  t.test(`whole in the end: ${what}`, async (t) => {
    const { cache, fetch } = await withStub(t, fault);
    const found = await fetch('acme/small');
    t.match(found, { name: 'acme/small', revision: COMMIT });
    isWhole(t, cache, found);
  });
}

/** What cannot be mended: one line, and nothing to be seen. */
const REFUSED: Record<string, [fault: (asked: Asked) => Fault | undefined, message: RegExp]> = {
  'always cut at the same place': [
    (asked) => (isStore(asked) ? { cutAfter: 1000, ignoresRange: true } : undefined),
    /model.safetensors: 127.0.0.1:\d+: .* \(5 times\)$/,
  ],
  'always too many requests': [() => ({ status: 429 }), /answers 429 .*\(3 times\)$/],
  'a wait that is too long': [
    (asked) => (isStore(asked) ? { status: 429, headers: { 'retry-after': '86400' } } : undefined),
    /model.safetensors: 127.0.0.1:\d+ answers 429 .*; it asks to wait 86400 seconds$/,
  ],
  'always an error of the server': [(asked) => (isStore(asked) ? { status: 502 } : undefined), /answers 502 .*5 times/],
  'always silent': [(asked) => (isStore(asked) ? { silent: true } : undefined), /nothing came for 0.4 seconds/],
  'always another file': [
    (asked) => (isStore(asked) ? { status: 200, body: Buffer.alloc(WEIGHTS.length) } : undefined),
    /model.safetensors: wanted 300000 bytes with the hash [0-9a-f]{64}, and 2 times came others, last [0-9a-f]{64}$/,
  ],
  'always a shorter file': [
    (asked) => (isStore(asked) ? { status: 200, body: WEIGHTS.subarray(0, 1000) } : undefined),
    /model.safetensors: 127.0.0.1:\d+ ends after 1000 of 300000 bytes \(5 times\)$/,
  ],
  'a small file that was changed': [
    ({ path }) => (path.endsWith('/config.json') ? { status: 200, body: '{"model_type":"mistra1"}\n' } : undefined),
    /config.json: wanted 25 bytes with the hash [0-9a-f]{40}, and 2 times came others/,
  ],
  'redirects in a circle': [
    (asked) => (isStore(asked) ? { status: 302, headers: { location: asked.path } } : undefined),
    /more than 10 redirects/,
  ],
  'a redirect to what is no address': [
    (asked) => (isStore(asked) ? { status: 302, headers: { location: 'http://[' } } : undefined),
    /redirects to what is no address/,
  ],
  'a redirect to another protocol': [
    (asked) => (isStore(asked) ? { status: 302, headers: { location: 'file:///etc/passwd' } } : undefined),
    /redirects from http:\/\/ to file:\/\/, which is refused/,
  ],
  'no hub but a page': [() => ({ status: 200, body: '<html>Log in to the hotel</html>' }), /is not what a hub says/],
  'a page in the place of a file': [
    (asked) => (isStore(asked) ? { status: 200, body: '<html>Log in to the hotel</html>' } : undefined),
    /model.safetensors: .*ends after 32 of 300000 bytes/,
  ],
  'an answer of no meaning': [(asked) => (isStore(asked) ? { status: 418 } : undefined), /answers 418 for \//],
};

for (const [what, [fault, message]] of Object.entries(REFUSED)) {
  t.test(`one line: ${what}`, async (t) => {
    const { cache, fetch } = await withStub(t, fault);
    const thrown = await fetch('acme/small').then(
      () => t.fail('it was found'),
      (thrown: unknown) => thrown,
    );
    t.ok(thrown instanceof HubError, String(thrown));
    const { message: said } = thrown as Error;
    t.match(said, /^acme\/small: no such folder or file here; as the name of a model: /);
    t.match(said, message);
    t.notMatch(said, /\n/);
    t.same(snapshots(cache), [], 'no snapshot is seen');
    t.notOk(existsSync(join(cache, 'models--acme--small', 'refs')), 'no ref is seen');
    // Once the hub is in order again, so is the cache.
    const { stub } = { stub: await startStub() };
    t.teardown(() => stub.stop());
    const env = { HOME: cache, HF_ENDPOINT: stub.endpoint, HF_HUB_CACHE: cache };
    isWhole(t, cache, await resolveModel('acme/small', { env }));
  });
}

t.test('a listing that lies of sizes and hashes ends in one line', async (t) => {
  for (const [lie, message] of [
    [{ size: 299_000 }, /wanted 299000 bytes with the hash/],
    [{ size: 301_000 }, /has less than the 301000 bytes that the hub lists|ends after/],
    [{ oid: '0'.repeat(64) }, /wanted 300000 bytes with the hash 0000/],
    [{ oid: 'not a hash' }, /is not what a hub says/],
    [{ size: 2 ** 52 }, /needs 4503599627370496 bytes more, and \d+ are free; HF_HUB_CACHE names another folder/],
  ] as const) {
    const { stub, cache, fetch } = await withStub(t);
    stub.lies = { 'model.safetensors': lie };
    await t.rejects(fetch('acme/small'), message);
    t.same(snapshots(cache), []);
    stub.stop();
  }
});

t.test('what has come is gone on from, and not asked for again', async (t) => {
  const { stub, cache, fetch } = await withStub(t, (asked) => (isStore(asked) ? { cutAfter: 100_000, ignoresRange: asked.before > 0 } : undefined)); // prettier-ignore
  await t.rejects(fetch('acme/small'));
  const [part] = readdirSync(join(cache, 'models--acme--small', 'blobs')).filter((name) => name.endsWith('.soo.incomplete')); // prettier-ignore
  t.equal(part, `${sha256(WEIGHTS)}.soo.incomplete`);
  const { size } = statSync(join(cache, 'models--acme--small', 'blobs', part));
  t.equal(size, 100_000);
  stub.fault = () => undefined;
  stub.asked.length = 0;
  const seen: number[] = [];
  isWhole(t, cache, await fetch('acme/small', { onProgress: ({ done }) => void seen.push(done) }));
  t.same(stub.asked.filter(isStore).map(({ range }) => range), ['bytes=100000-']); // prettier-ignore
  t.equal(stub.count(/config.json/), 0, 'small files were there');
  t.same(seen, [...seen].sort((a, b) => a - b), 'progress goes up'); // prettier-ignore
  t.equal(seen.at(-1), 300_000 + ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'].reduce((sum, name) => sum + SMALL[name].length, 0)); // prettier-ignore
});

t.test('a part that is not the one that was asked for is not taken', async (t) => {
  for (const contentRange of ['bytes 5-9/300000', 'bytes 1000-1999/2000', 'none']) {
    const { stub, cache, fetch } = await withStub(t, (asked) => {
      return isStore(asked) && asked.before === 0 ? { cutAfter: 1000 } : { contentRange };
    });
    isWhole(t, cache, await fetch('acme/small'));
    t.same(stub.asked.filter(isStore).map(({ range }) => range), [undefined, 'bytes=1000-', undefined]); // prettier-ignore
    stub.stop();
  }
});

t.test('damaged parts, and parts that are too long, are thrown away', async (t) => {
  for (const part of [Buffer.alloc(100_000), Buffer.alloc(400_000), WEIGHTS, Buffer.alloc(300_000)]) {
    const { stub, cache, fetch } = await withStub(t);
    mkdirSync(join(cache, 'models--acme--small', 'blobs'), { recursive: true });
    writeFileSync(join(cache, 'models--acme--small', 'blobs', `${sha256(WEIGHTS)}.soo.incomplete`), part);
    isWhole(t, cache, await fetch('acme/small'));
    t.equal(stub.asked.filter(isStore).length, part === WEIGHTS ? 0 : part.length === 100_000 ? 2 : 1);
    stub.stop();
  }
});

t.test('an abort ends it at once, keeps what has come, and throws its reason', async (t) => {
  const { cache, fetch } = await withStub(t, (asked) => (isStore(asked) ? { slow: 50 } : undefined));
  const controller = new AbortController();
  const reason = new Error('enough');
  const fetching = fetch('acme/small', {
    signal: controller.signal,
    onProgress: ({ file, done }) => file === 'model.safetensors' && done > 60_000 && controller.abort(reason),
  });
  t.equal(await fetching.catch((thrown: unknown) => thrown), reason);
  const parts = readdirSync(join(cache, 'models--acme--small', 'blobs')).filter((name) => name.endsWith('.incomplete'));
  t.equal(parts.length, 1);
  t.same(snapshots(cache), []);
  const aborted = AbortSignal.abort(reason);
  t.equal(await fetch('acme/small', { signal: aborted }).catch((thrown: unknown) => thrown), reason);
});

t.test('the token goes to the hub alone', async (t) => {
  const { stub, cache, fetch } = await withStub(t);
  isWhole(t, cache, await fetch('acme/small', { token: TOKEN }));
  const given = (host: string): (string | undefined)[] => [
    ...new Set(stub.asked.filter((asked) => asked.host === host).map(({ authorization }) => authorization)),
  ];
  t.same(given('hub'), [`Bearer ${TOKEN}`]);
  t.same(given('store'), [undefined]);
});

t.test('a refusal says what to do', async (t) => {
  const { stub, cache, fetch } = await withStub(t);
  const page = `${stub.endpoint}/acme/secret`;
  const refused = async (name: string, message: string, token?: string): Promise<void> => {
    const thrown = await fetch(name, { token }).catch((thrown: unknown) => thrown);
    t.ok(thrown instanceof InputError, String(thrown));
    t.equal((thrown as Error).message, `${name}: no such folder or file here; as the name of a model: ${message}`);
  };
  const login = 'set HF_TOKEN or log in with `hf auth login`';
  await refused('acme/secret', `acme/secret is gated: accept its terms at ${page}, then ${login}`);
  await refused('acme/secret', `acme/secret is gated, and the owner of the token from HF_TOKEN has no access: ask for it at ${page}`, 'hf_other'); // prettier-ignore
  await refused('acme/small', 'the hub refuses the token from HF_TOKEN (Invalid credentials in Authorization header): it is not valid any more', 'expired'); // prettier-ignore
  await refused('acme/smal', `the hub has no model acme/smal, or it is private: ${login}; did you mean acme/small?`);
  await refused('acme/smal', 'the hub has no model acme/smal; did you mean acme/small?', TOKEN);
  await refused('nobody/nothing', 'the hub has no model nobody/nothing', TOKEN);
  await refused('acme/small@v2', 'acme/small has no revision v2; it has main, v1, refs/pr/3');
  await refused('acme/small@mains', 'acme/small has no revision mains; it has main');
  await refused('acme/pickles', 'acme/pickles has no safetensors, only pytorch_model.bin, a pickle, which is not read');
  await refused('acme/adapter', 'acme/adapter is a LoRA adapter, not a model; name its base model');
  stub.fault = (asked) => (isStore(asked) ? { status: 403, headers: { 'x-error-message': 'no way' } } : undefined);
  await refused('acme/small', 'the hub refuses acme/small to those without a token (no way)');
  for (const name of ['secret', 'smal', 'small', 'pickles', 'adapter']) t.same(snapshots(cache, `acme--${name}`), []);
  stub.fault = () => undefined;
  t.match(await fetch('acme/secret', { token: TOKEN }), { name: 'acme/secret' });
});

t.test('a listing in pages, by revisions and of GGUF files', async (t) => {
  const { stub, cache, fetch } = await withStub(t);
  stub.pageSize = 2;
  isWhole(t, cache, await fetch('acme/small@v1'));
  t.equal(stub.count(/tree/), 5);
  t.match(await fetch(`acme/small@${COMMIT}`), { revision: COMMIT });
  t.match(await fetch('acme/small@refs/pr/3'), { revision: COMMIT });
  t.equal(readFileSync(join(cache, 'models--acme--small', 'refs', 'refs', 'pr', '3'), 'utf8'), COMMIT);
  t.equal(stub.asked.filter(isStore).length, 1, 'no blob is fetched twice');
  const gguf = await fetch('acme/many-GGUF:q8_0');
  t.match(gguf, { name: 'acme/many-GGUF:sub/x-Q8_0.gguf', path: /snapshots\/d{40}\/sub\/x-Q8_0.gguf$/ });
  t.ok(readFileSync(gguf.path).equals(Buffer.from(stub.models['acme/many-GGUF'].files['sub/x-Q8_0.gguf'])));
  t.match(await fetch('acme/one-GGUF'), { name: 'acme/one-GGUF:x-Q4_0.gguf' });
  const parts = await fetch('acme/many-GGUF:f16');
  t.match(parts, { name: 'acme/many-GGUF:y-F16-00001-of-00002.gguf' });
  t.equal(readFileSync(parts.path.replace('00001', '00002')).length, 12, 'with its other part');
  await t.rejects(fetch('acme/many-GGUF'), /has several GGUF files; name one, as acme\/many-GGUF:x-Q4_K_M.gguf/);
});

t.test('config.json is looked at before the weights are fetched', async (t) => {
  const { stub, cache, fetch } = await withStub(t);
  const refusal = new InputError('config.json: not this one');
  const checkConfig = (path: string): void => {
    t.match(JSON.parse(readFileSync(path, 'utf8')), { model_type: 'mistral' });
    throw refusal;
  };
  await t.rejects(fetch('acme/small', { checkConfig }), /as the name of a model: config.json: not this one$/);
  t.equal(stub.asked.filter(isStore).length, 0);
  t.same(snapshots(cache), []);
});

t.test('for a tokenizer no weights are fetched, and later they are', async (t) => {
  const { stub, fetch } = await withStub(t);
  const { path } = await fetch('acme/shards', { part: 'tokenizer' });
  t.same(readdirSync(path).sort(), ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer.model', 'tokenizer_config.json']); // prettier-ignore
  t.match(await fetch('acme/shards', { part: 'tokenizer' }), { path });
  const before = stub.asked.length;
  const whole = await fetch('acme/shards');
  t.equal(whole.path, path);
  t.equal(readdirSync(path).length, 8);
  t.ok(stub.asked.length > before);
  t.match(await fetch('acme/shards'), whole);
});
