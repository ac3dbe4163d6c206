import t, { type Test } from 'tap';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expected } from '../parity/expected';
import { soo, startSoo } from './soo';

t.setTimeout(90_000); // several starts of the command line on a busy machine

const ROOT = join(__dirname, '..', '..');
const TINY = join(ROOT, 'test', 'parity', 'models', 'tiny');
const COMMIT = '2'.repeat(40);
const MODEL = { name: 'acme/tiny', revision: COMMIT };

/** Commands wait for their processes, so that the hub is in one of its own. */
async function startHub(t: Test, ...fault: string[]): Promise<ChildProcess> {
  const hub = spawn(process.execPath, ['--import', './test/typescript.mjs', 'test/hub/serve.ts', ...fault], {
    cwd: ROOT,
  });
  t.teardown(() => hub.kill());
  const [address] = (await once(hub.stdout, 'data')) as [Buffer];
  process.env.HF_ENDPOINT = address.toString().trim();
  return hub;
}

// Made by test/parity/make_deception.py.
const { scenarios } = expected<{ scenarios: object[] }>('deception');
const folder = t.testdir({
  'prompts.json': JSON.stringify(['The gardener hides the teapot.', 'Nobody']),
  'pairs.json': JSON.stringify([['You hide.', 'Bob hides.'], ['I wait here.', 'Alice waits here.']]), // prettier-ignore
  'scenarios.json': JSON.stringify(scenarios.slice(0, 1)),
});
const at = (name: string): string => join(folder, name);
/** Nothing of the machine's own is looked at. */
for (const name of Object.keys(process.env)) if (/^(HF_|HUGGING|TRANSFORMERS_|XDG_CACHE)/.test(name)) delete process.env[name]; // prettier-ignore
process.env.HOME = at('home');
const cache = join(at('home'), '.cache', 'huggingface', 'hub');
const jsonOf = <T>({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): T => {
  t.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
};

t.test('a name goes wherever a folder does, and is kept with the results', async (t) => {
  const hub = await startHub(t);
  const prompts = ['--prompts', at('prompts.json'), '--json', '--threads', '1'];
  const commands = (model: string): string[][] => [
    ['tokenize', '--model', model, '--prompts', at('prompts.json'), '--json'],
    ['logits', '--model', model, ...prompts],
    ['generate', '--model', model, ...prompts, '--max-new-tokens', '4', '--ignore-eos'],
    ['latent', '--model', model, '--pairs', at('pairs.json'), '--json', '--threads', '1'],
  ];
  const finetune = ['finetune', '--model', 'acme/tiny', '--pairs', at('pairs.json'), '--out', at('run'), '--epochs', '1', '--json', '--loss', 'mse', '--layer', '0']; // prettier-ignore
  const [named, plain] = [soo(...commands('acme/tiny')), soo(...commands(TINY))];
  for (const [i, outcome] of named.entries()) {
    const { model, ...json } = jsonOf<{ model: object; tokensPerSecond?: number; seconds?: number }>(outcome);
    t.same(model, MODEL, commands('')[i][0]);
    const expected = jsonOf<object>(plain[i]);
    t.notOk('model' in expected, 'a path has no name');
    t.same({ ...json, tokensPerSecond: 0, seconds: 0 }, { ...expected, ...json, tokensPerSecond: 0, seconds: 0 });
  }
  t.match(named[0].stderr, /^fetch acme\/tiny \.\.\.\n/);
  t.notMatch(named[2].stderr, /fetch/, 'once it is there, it is not fetched');
  const [tuned] = soo(finetune);
  jsonOf(tuned);
  t.match(JSON.parse(readFileSync(join(at('run'), 'run.json'), 'utf8')), { origin: { model: MODEL } });
  const adapter = JSON.parse(readFileSync(join(at('run'), 'adapter_config.json'), 'utf8')) as object;
  t.match(adapter, { base_model_name_or_path: 'acme/tiny', revision: COMMIT });
  hub.kill();
  process.env.HF_HUB_OFFLINE = '1';
  t.teardown(() => delete process.env.HF_HUB_OFFLINE);
  const [again, fetched, models, text, other] = soo(
    ['logits', '--model', `acme/tiny@${COMMIT}`, '--adapter', at('run'), ...prompts],
    ['fetch', 'acme/tiny', '--json'],
    ['models', '--json'],
    ['models'],
    ['logits', '--model', 'acme/other', ...prompts],
  );
  t.match(jsonOf(again), { model: MODEL });
  const path = join(cache, 'models--acme--tiny', 'snapshots', COMMIT);
  t.same(jsonOf(fetched), { path, ...MODEL, fetched: 0 });
  const { families, ...rest } = jsonOf<{ families: string[] }>(models);
  t.ok(families.includes('mistral'));
  const entry = {
    ...MODEL,
    refs: ['main'],
    path,
    complete: true,
    missing: [],
    modelType: 'mistral',
    ggufs: [],
    known: true,
  };
  t.match(rest, { cache, models: [entry] });
  t.match(
    text.stdout,
    /^model types that can be loaded: .*mistral[^]*acme\/tiny │ 2{12} main │ 177 kB │ mistral │ whole/,
  );
  t.equal(other.code, 2);
  t.match(other.stderr, /^soo: --model acme\/other: no such folder or file here; as the name of a model: HF_HUB_OFFLINE is set, and the cache \S+ has nothing of it\n$/); // prettier-ignore
});

t.test('an adapter by its name is the adapter of its folder', async (t) => {
  const hub = await startHub(t);
  const logits = (adapter: string): string[] => ['logits', '--model', TINY, '--adapter', adapter, '--prompts', at('prompts.json'), '--json']; // prettier-ignore
  const deception = (adapter: string, out: string): string[] => ['deception', '--model', TINY, '--adapter', adapter, '--scenarios', at('scenarios.json'), '--max-new-tokens', '3', '--out', at(out), '--json']; // prettier-ignore
  const folder = `${TINY}-adapter`;
  const [named, plain, asked, askedPlain, none] = soo(
    logits('acme/lora'),
    logits(folder),
    deception('acme/lora', 'named-adapter.jsonl'),
    deception(folder, 'adapter.jsonl'),
    logits('acme/tiny'),
  );
  t.same(jsonOf(named), jsonOf(plain));
  t.match(named.stderr, /^fetch acme\/lora \.\.\.\n/);
  jsonOf(asked);
  jsonOf(askedPlain);
  t.equal(readFileSync(at('named-adapter.jsonl'), 'utf8'), readFileSync(at('adapter.jsonl'), 'utf8'));
  t.match(none.stderr, /--adapter acme\/tiny: .* acme\/tiny has no adapter_config.json, so it is no LoRA adapter/);
  hub.kill();
  process.env.HF_HUB_OFFLINE = '1';
  t.teardown(() => delete process.env.HF_HUB_OFFLINE);
  const [again, models] = soo(logits('acme/lora'), ['models', '--json']);
  t.same(jsonOf(again), jsonOf(plain));
  const cached = jsonOf<{ models: { name: string }[] }>(models).models;
  t.match(cached.find(({ name }) => name === 'acme/lora'), { complete: true, missing: [] }); // prettier-ignore
});

t.test('the name stands in every record of an evaluation', async (t) => {
  await startHub(t);
  const command = (model: string, out: string): string[] => ['deception', '--model', model, '--scenarios', at('scenarios.json'), '--max-new-tokens', '3', '--out', out, '--json']; // prettier-ignore
  const [named, plain] = soo(command('acme/tiny', at('named.jsonl')), command(TINY, at('plain.jsonl')));
  t.match(jsonOf(named), { model: MODEL });
  jsonOf(plain);
  const recordIn = (file: string): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>; // prettier-ignore
  const { model, ...record } = recordIn(at('named.jsonl'));
  t.same(model, MODEL);
  t.same(record, recordIn(at('plain.jsonl')), 'all else is as for the folder, what it is resumed by too');
});

t.test('what goes wrong is one line', async (t) => {
  await startHub(t);
  const prompts = ['--prompts', at('prompts.json')];
  const cases: [args: string[], code: number, message: RegExp][] = [
    [['generate', '--model', 'acme/tine', ...prompts], 2, /--model acme\/tine: no such folder or file here; as the name of a model: the hub has no model acme\/tine, .*; did you mean acme\/tiny\?/], // prettier-ignore
    [['tokenize', '--model', 'acme/secret', ...prompts], 2, /acme\/secret is gated: accept its terms at /],
    [['logits', '--model', 'acme/small', ...prompts], 2, /as the name of a model: config.json: /],
    [['fetch', 'acme/pickles'], 2, /^soo: acme\/pickles has no safetensors, only pytorch_model.bin/],
    [['fetch', './acme'], 2, /^soo: .\/acme: no such folder or file, and no name of a model/],
    [['fetch'], 2, /missing required argument 'name'/],
  ];
  const outcomes = soo(...cases.map(([args]) => args));
  for (const [i, [args, code, message]] of cases.entries()) {
    t.equal(outcomes[i].code, code, args.join(' '));
    t.match(outcomes[i].stderr, message);
    t.match(outcomes[i].stderr, /^(?:fetch \S+ \.\.\.\n)?soo: [^\n]+\n$/);
    t.equal(outcomes[i].stdout, '');
  }
  t.notOk(existsSync(join(cache, 'models--acme--small', 'snapshots')), 'no weights of what cannot be loaded');
  process.env.HF_ENDPOINT = 'http://127.0.0.1:9';
  const [unreached] = soo(['fetch', 'acme/tiny']);
  t.equal(unreached.code, 1, 'a hub that fails is no bad input');
  t.match(unreached.stderr, /^soo: 127.0.0.1:9: [^\n]+ \(3 times\)\n$/);
});

t.test('Ctrl-C keeps what has come, and the same command goes on from there', async (t) => {
  await startHub(t, '^/cbbf1aa1', '{"slow":400}');
  const child = startSoo('fetch', 'acme/small');
  let stderr = '';
  child.stderr?.on('data', (text) => (stderr += String(text)));
  const blobs = join(cache, 'models--acme--small', 'blobs');
  const part = (): string | undefined => readdirSync(blobs).find((name) => name.endsWith('.soo.incomplete'));
  while (!existsSync(blobs) || !part() || statSync(join(blobs, part() ?? '')).size === 0) await new Promise((next) => setTimeout(next, 5)); // prettier-ignore
  child.kill('SIGINT');
  const [code] = (await once(child, 'close')) as [number];
  t.equal(code, 130, stderr);
  t.match(stderr, /SIGINT: ending the download; press again to quit now\nsoo: interrupted by SIGINT: what has come of acme\/small is kept in \S+; the same command goes on from there\n$/); // prettier-ignore
  const kept = statSync(join(blobs, part() ?? '')).size;
  const [table, done] = soo(['models'], ['fetch', 'acme/small', '--json']);
  t.match(table.stdout, /acme\/small │ - .*│ lacks its files/);
  t.match(jsonOf(done), { name: 'acme/small', fetched: 300_000 - kept });
  t.notOk(part());
});
