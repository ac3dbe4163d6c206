import t from 'tap';
import { join } from 'node:path';
import { hubSettings, parseModelName } from '../../lib/hub';
import { nearest } from '../../lib/hub/nearest';
import { wantedFiles } from '../../lib/hub/wanted-files';

t.test('names are ORG/NAME, with a revision and a GGUF file where one is meant', (t) => {
  const main = { revision: 'main', gguf: undefined };
  t.same(parseModelName('HuggingFaceTB/SmolLM2-135M-Instruct'), { id: 'HuggingFaceTB/SmolLM2-135M-Instruct', ...main });
  t.same(parseModelName('a/b@v1.0'), { id: 'a/b', revision: 'v1.0', gguf: undefined });
  t.same(parseModelName('a/b@refs/pr/7'), { id: 'a/b', revision: 'refs/pr/7', gguf: undefined });
  t.same(parseModelName('a/b:x-Q4_0.gguf'), { id: 'a/b', revision: 'main', gguf: 'x-Q4_0.gguf' });
  t.same(parseModelName('a/b@main:sub/x.gguf'), { id: 'a/b', ...main, gguf: 'sub/x.gguf' });
  t.end();
});

t.test('what looks like a path is no name, and no name leads out of its folder', (t) => {
  const none = [
    ...['/a/b', './a/b', '../b', '~/b', 'gpt2', 'a/b/c', 'a//b', 'a/', '/a', 'a/b/', 'a b/c', '', '.cache/b', 'a/.b'],
    ...[
      'a/../b',
      'a/b..c',
      'a--b/c',
      'a/b--c',
      'a-/b',
      'a/b.',
      'a/b.git',
      'C:/b',
      'https://h/b',
      `a/${'b'.repeat(99)}`,
    ],
    ...['a/b@', 'a/b@../x', 'a/b@/x', 'a/b@x/../y', 'a/b@x//y', 'a/b@-x', 'a/b@.x', 'a/b@x/.y', 'a/b@x/', 'a/b@x y'],
    ...['a/b:', 'a/b:../x', 'a/b:/x', 'a/b:x/../../y', 'a/b:x\\y', 'a/b:x\0', 'a/b:x//y'],
  ];
  for (const text of none) t.equal(parseModelName(text), undefined, JSON.stringify(text));
  t.end();
});

t.test('the environment names hub, cache and token as it does for Python', (t) => {
  const folder = t.testdir({
    home: { '.cache': { huggingface: { token: 'hf_filed\n' } } },
    hf: { token: '' },
    own: 'hf_own',
  });
  const HOME = join(folder, 'home');
  const home = hubSettings({ HOME });
  t.equal(home.cache, join(HOME, '.cache', 'huggingface', 'hub'));
  t.match(home, { endpoint: 'https://huggingface.co', offline: false, stallMs: 10_000 });
  t.same(home.token, { value: 'hf_filed', from: join(HOME, '.cache', 'huggingface', 'token') });
  t.equal(hubSettings({ HOME, XDG_CACHE_HOME: '/x' }).cache, '/x/huggingface/hub');
  t.equal(hubSettings({ HOME, XDG_CACHE_HOME: '/x', HF_HOME: '~/h' }).cache, join(HOME, 'h/hub'));
  t.equal(hubSettings({ HOME, HF_HOME: '/h', HF_HUB_CACHE: '$HOME/c' }).cache, join(HOME, 'c'));
  t.equal(hubSettings({ HOME, HF_HUB_CACHE: '/a/${NOT_THERE}' }).cache, '/a/${NOT_THERE}');
  t.equal(hubSettings({ HOME, HF_HOME: join(folder, 'hf') }).token, undefined, 'an empty file is no token');
  t.equal(hubSettings({ HOME, HF_TOKEN_PATH: join(folder, 'own') }).token?.value, 'hf_own');
  t.same(hubSettings({ HOME, HF_TOKEN: ' hf_set ' }).token, { value: 'hf_set', from: 'HF_TOKEN' });
  t.equal(hubSettings({ HOME, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }).token, undefined);
  for (const yes of ['1', 'true', 'YES', 'on']) t.equal(hubSettings({ HOME, HF_HUB_OFFLINE: yes }).offline, true, yes);
  for (const no of ['0', '', 'off']) t.equal(hubSettings({ HOME, HF_HUB_OFFLINE: no }).offline, false, no);
  t.equal(hubSettings({ HOME, HF_ENDPOINT: 'http://here:1/hub//' }).endpoint, 'http://here:1/hub');
  t.throws(() => hubSettings({ HF_ENDPOINT: 'huggingface.co' }), /^HF_ENDPOINT "huggingface.co": wanted the address/);
  t.equal(hubSettings({ HOME, HF_HUB_DOWNLOAD_TIMEOUT: '2.5' }).stallMs, 2500);
  t.end();
});

t.test('only what is needed is wanted', (t) => {
  const id = 'a/b';
  const both = [
    'README.md',
    'config.json',
    'tokenizer.json',
    'merges.txt',
    'model.safetensors',
    'x.bin',
    'flax.msgpack',
  ];
  t.same(wantedFiles(both, { id }), {
    small: ['config.json', 'tokenizer.json', 'merges.txt'],
    weights: ['model.safetensors'],
  });
  const index = 'model.safetensors.index.json';
  t.same(wantedFiles(['config.json', index], { id }), { small: ['config.json', index], weights: undefined });
  t.same(wantedFiles([...both, index, 'consolidated.safetensors'], { id }).weights, ['model.safetensors']);
  t.same(wantedFiles([...both, 'x.gguf'], { id }).weights, ['model.safetensors'], 'safetensors before GGUF');
  t.same(wantedFiles([...both, 'x.gguf'], { id, gguf: 'x.gguf' }), { small: [], weights: ['x.gguf'] });
  t.same(wantedFiles(both, { id }, 'tokenizer').weights, [], 'no weights for a tokenizer');
  t.same(wantedFiles(['x.gguf'], { id }, 'tokenizer').weights, ['x.gguf'], 'unless they hold it');
  const ggufs = ['m-Q4_K_M.gguf', 'm-Q4_K_S.gguf', 'big/m-Q8_0.gguf', 'm.f16.gguf'];
  for (const [part, file] of [
    ['q4_k_m', 0],
    ['Q8_0', 2],
    ['F16', 3],
    ['m-Q4_K_S', 1],
  ] as const) {
    t.same(wantedFiles(ggufs, { id, gguf: part }).weights, [ggufs[file]], part);
  }
  t.throws(() => wantedFiles(ggufs, { id, gguf: 'Q4_K' }), /a\/b: "Q4_K" is none of its GGUF files: m-Q4_K_M.gguf/);
  t.throws(() => wantedFiles(ggufs, { id, gguf: 'm' }), /fits several of its GGUF files/);
  t.throws(() => wantedFiles([], { id }), /it has no files at all/);
  t.throws(() => wantedFiles(['config.json'], { id }), /neither model.safetensors nor .*index.json and no GGUF file/);
  const parts = ['x-00001-of-00002.gguf', 'x-00002-of-00002.gguf'];
  t.same(wantedFiles(parts, { id }).weights, parts, 'a file in several parts is one');
  t.same(wantedFiles([...ggufs, ...parts], { id, gguf: 'x' }).weights, parts);
  t.end();
});

t.test('the files of an adapter', (t) => {
  const id = 'a/b';
  const whole = ['README.md', 'adapter_config.json', 'adapter_model.safetensors', 'tokenizer.json', 'x.gguf'];
  const wanted = { small: ['adapter_config.json'], weights: ['adapter_model.safetensors'] };
  t.same(wantedFiles(whole, { id }, 'adapter'), wanted);
  const refused = (files: string[], message: string): void =>
    void t.throws(() => wantedFiles(files, { id }, 'adapter'), { message });
  refused(['config.json', 'model.safetensors'], 'a/b has no adapter_config.json, so it is no LoRA adapter that can be read'); // prettier-ignore
  refused(['adapter_config.json', 'adapter_model.bin'], 'a/b has no adapter_model.safetensors, so it is no LoRA adapter that can be read; adapter_model.bin is a pickle, which is not read'); // prettier-ignore
  t.end();
});

t.test('names that were meant', (t) => {
  t.same(nearest('acme/smal', ['acme/small', 'acme/other', 'x']), ['acme/small']);
  t.same(nearest('Acme/Small', ['acme/small']), ['acme/small']);
  t.same(nearest('acme/small', ['far/away-from-it']), []);
  t.end();
});
