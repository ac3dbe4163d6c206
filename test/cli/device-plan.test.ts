import { join } from 'node:path';
import t from 'tap';
import { soo } from './soo';

const TINY = join(__dirname, '..', 'parity', 'models', 'tiny');
const plan = (...args: string[]): string[] => ['models', '--plan', ...args];

const [one, two, folder, ...refused] = soo(
  plan('78b', '--devices', '48GB', '--quantize', 'nf4', '--json'),
  plan('78B', '--devices', '24GB,24GB', '--quantize', 'nf4', '--device-map', 'balanced'),
  plan(TINY, '--devices', '8MiB', '--dtype', 'float32', '--json'),
  plan('78b', '--devices', '48GB'),
  plan('78b', '--devices', 'much'),
  plan('70b', '--devices', '48GB'),
  plan('78b'),
  ['models', '--devices', '48GB'],
);

t.test('a model of 78 billion parameters is planned from its shape', async (t) => {
  t.match(JSON.parse(one.stdout), {
    dtype: 'bfloat16',
    quantize: 'nf4',
    devices: [{ device: 'cuda:0', bytes: 48e9 }],
    deviceMap: { 'model.embed_tokens': 'cuda:0', 'model.layers.85': 'cuda:0', lm_head: 'cuda:0' },
  });
  t.match(two, { code: 0, stdout: /cuda:0 .*embed_tokens, layers\.0 to layers\.\d+, norm, lm_head / });
  t.match(two.stdout, /cuda:1 .* layers\.\d+ to layers\.85 /);
});

t.test('and so is one in a folder', async (t) => {
  t.match(JSON.parse(folder.stdout), { dtype: 'float32', devices: [{ device: 'cuda:0', bytes: 2 ** 23 }] });
});

t.test('what cannot be is refused in one line', async (t) => {
  const wanted = [
    /device map: the model wants [\d.]+ GB \(bfloat16\), [\d.]+ GB more than there is .* four bits \(nf4\) would make it/,
    /--devices <sizes>' argument 'much' is invalid. It must be sizes such as 48GB or 24GB,24GB or 80GiB/,
    /--plan 70b: no such folder, and none of the shapes 7b, 27b, 78b/,
    /--plan: wants --devices/,
    /--devices: goes with --plan/,
  ];
  for (const [i, message] of wanted.entries()) {
    t.match(refused[i], { code: 2, stderr: message });
    t.equal(refused[i].stderr.trimEnd().split('\n').length, 1);
  }
});
