import t from 'tap';
import { cpSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '../../lib/text';
import { expected } from '../parity/expected';
import { soo, startSoo } from './soo';

const MODELS = join(__dirname, '..', 'parity', 'models');
const MODEL = ['--model', join(MODELS, 'tiny')];
const ADAPTER = ['--adapter', join(MODELS, 'tiny-adapter')];

interface Case {
  forward: { ids: number[][]; last: { values: number[] }[] };
  greedy: number[][];
  lora: { last: { values: number[] }[]; greedy: number[][] };
}
// Made by test/parity/make_models.py with transformers and peft.
const { prompts, stride, tiny } = expected<{ prompts: string[]; stride: number; tiny: Case }>('models');

const folder = t.testdir({
  'prompts.json': JSON.stringify(prompts),
  'objects.json': JSON.stringify(prompts.map((prompt) => ({ prompt, type: 'x' }))),
  'one.json': JSON.stringify(prompts.slice(1, 2)),
  'none.json': '[]',
  'numbers.json': '[1]',
  'object.json': '{"prompt": "x"}',
  'broken.json': '["hi"',
  short: {},
});
const at = (name: string): string => join(folder, name);
cpSync(join(MODELS, 'tiny'), at('short'), { recursive: true });
truncateSync(join(at('short'), 'model.safetensors'), 5000);
cpSync(join(MODELS, 'tiny'), at('mute'), { recursive: true });
rmSync(join(at('mute'), 'tokenizer.json'));
cpSync(join(MODELS, 'tiny'), at('odd'), { recursive: true });
writeFileSync(join(at('odd'), 'config.json'), '{"model_type": "mistral", "num_attention_heads": "many"}');
const good = [...MODEL, '--prompts', at('prompts.json')];
const cases: [args: string[], message: RegExp][] = [
  [['logits'], /required option '--model <model>' not specified/],
  [['logits', ...MODEL], /required option '--prompts <file>' not specified/],
  [['logits', '--model', at('nowhere'), '--prompts', at('prompts.json')], /--model .*nowhere: no such folder/],
  [['logits', '--model', at('short'), '--prompts', at('prompts.json')], /model.safetensors: .*truncated\?/],
  [['logits', '--model', at('mute'), '--prompts', at('prompts.json')], /tokenizer.json: no such file/],
  [
    ['logits', '--model', at('odd'), '--prompts', at('prompts.json')],
    /config.json: vocab_size must be a whole number, got nothing/,
  ],
  [['logits', ...MODEL, '--prompts', at('nothing.json')], /nothing.json: no such file/],
  [['logits', ...MODEL, '--prompts', at('none.json')], /none.json: contains no prompts/],
  [['logits', ...MODEL, '--prompts', at('numbers.json')], /numbers.json: 0: must be text or {prompt: text}/],
  [['logits', ...MODEL, '--prompts', at('object.json')], /object.json: must be a JSON list of texts or of {prompt}/],
  [['logits', ...MODEL, '--prompts', at('broken.json')], /broken.json: is not JSON/],
  [['logits', ...good, '--adapter', at('nowhere')], /--adapter .*nowhere: no such folder/],
  [['logits', ...good, '--adapter', at('mute')], /adapter_config.json: no such file/],
  [
    ['logits', ...good, '--device', 'cuda:77'],
    /--device cuda:77: this machine and this libtorch have cpu(; this libtorch is built .*|, cuda:0.*)$/m,
  ],
  [['logits', ...good, '--dtype', 'int8'], /--dtype int8: must be one of float32, float64, float16, bfloat16, auto/],
  [['generate', ...good, '--batch', '0'], /'--batch <n>' argument '0' is invalid. It must be at least 1/],
  [['generate', ...good, '--max-new-tokens', 'many'], /It must be a whole number/],
  [['generate', ...good, '--temperature', '0'], /'--temperature <x>' argument '0' is invalid. It must be above 0/],
  [['generate', ...good, '--top-p', '2'], /It must be at most 1/],
  [['generate', ...good, '--seed', '1'], /--seed: greedy decoding draws nothing; add --temperature/],
  [['generate', ...good, '--nonsense'], /unknown option '--nonsense'/],
];

const logits = ['logits', ...MODEL, '--prompts', at('prompts.json'), '--threads', '1'];
const answers = [
  'generate',
  ...MODEL,
  '--prompts',
  at('objects.json'),
  '--max-new-tokens',
  '16',
  '--ignore-eos',
  '--threads',
  '1',
];
const sampled = (seed: string) => [...answers, '--temperature', '1.5', '--top-k', '40', '--seed', seed, '--json'];
const one = ['generate', ...MODEL, '--prompts', at('one.json'), '--threads', '1', '--ignore-eos'];
const [
  base,
  tuned,
  text,
  answered,
  answeredTuned,
  answeredText,
  drawn,
  drawnAgain,
  drawnOther,
  penalized,
  live,
  whole,
  ...refused
] = soo(
  [...logits, '--json'],
  [...logits, ...ADAPTER, '--json'],
  logits,
  [...answers, '--batch', '2', '--json'],
  [...answers, ...ADAPTER, '--json'],
  answers,
  sampled('7'),
  [...sampled('7'), '--batch', '2'],
  sampled('8'),
  [...answers, '--repetition-penalty', '1.5', '--json'],
  [...one, '--max-new-tokens', '16'],
  [...one, '--max-new-tokens', '16', '--json'],
  ...cases.map(([args]) => [...args, '--json']),
);

t.test('logits', (t) => {
  for (const [outcome, last] of [
    [base, tiny.forward.last],
    [tuned, tiny.lora.last],
  ] as const) {
    const { logits, ids } = JSON.parse(outcome.stdout) as { logits: number[][]; ids: number[][] };
    t.same(ids, tiny.forward.ids);
    t.same(
      logits.map((row) => row.length),
      prompts.map(() => 405),
    );
    const far = logits.flatMap(
      (row, i) => last[i]?.values.map((value, k) => Math.abs(value - (row[k * stride] ?? NaN))) ?? NaN,
    );
    t.ok(Math.max(...far) < 2e-5, `${Math.max(...far)} from Python`);
  }
  t.same([base.code, tuned.code, text.code], [0, 0, 0]);
  t.match(text.stdout, /The gardener hides the teapot[^]*next token/);
  t.end();
});

t.test('generate', (t) => {
  const tokenizer = Tokenizer.fromFolder(join(MODELS, 'tiny'));
  for (const [outcome, greedy] of [
    [answered, tiny.greedy.map((ids) => ids.slice(0, 16))],
    [answeredTuned, tiny.lora.greedy],
  ] as const) {
    const json = JSON.parse(outcome.stdout) as { outputs: object[]; tokensPerSecond: number };
    t.same(
      json.outputs,
      greedy.map((ids) => ({ ids, text: tokenizer.decode(ids) })),
    );
    t.ok(json.tokensPerSecond > 0);
  }
  t.same([answered.code, answeredTuned.code, answeredText.code], [0, 0, 0]);
  t.match(answeredText.stdout, /Nobody\n {2}> [^]*80 tokens in .* per second/);
  t.end();
});

t.test('sampled', (t) => {
  const idsOf = ({ stdout }: { stdout: string }): number[][] =>
    (JSON.parse(stdout) as { outputs: { ids: number[] }[] }).outputs.map(({ ids }) => ids);
  t.same(idsOf(drawn), idsOf(drawnAgain), 'the same seed, another batch');
  t.not(String(idsOf(drawn)), String(idsOf(drawnOther)));
  const distinct = (outcome: { stdout: string }) => idsOf(outcome).reduce((sum, ids) => sum + new Set(ids).size, 0);
  t.ok(distinct(penalized) > distinct(answered), 'with a penalty fewer tokens are repeated');
  t.end();
});

t.test('the answer to one prompt is shown as it comes, and Ctrl-C ends it', async (t) => {
  const { outputs } = JSON.parse(whole.stdout) as { outputs: { text: string }[] };
  t.equal(live.stdout.split('\n\n')[0], `Nobody\n  > ${outputs[0].text}`);
  t.match(live.stdout, /\n\n16 tokens in .* per second\n$/);

  const child = startSoo(...one, '--max-new-tokens', '50000');
  let [stdout, stderr] = ['', ''];
  child.stderr?.on('data', (text) => (stderr += String(text)));
  child.stdout?.on('data', (text) => {
    stdout += String(text);
    // Once: a second one ends it at once.
    if (stdout.length > 60 && !child.killed) child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  t.equal(code, 130, stderr);
  t.ok(stdout.length < 20_000, `${stdout.length} characters`);
  t.match(stdout, /^Nobody\n {2}> [^]+\n\ninterrupted: \d+ tokens in .* per second\n$/);
});

t.test('bad input ends with 2 and one line', (t) => {
  cases.forEach(([args, message], i) => {
    const { code, stdout, stderr } = refused[i];
    t.equal(code, 2, `exit code of ${args[0]}: ${String(message)}`);
    t.equal(stdout, '');
    t.match(stderr, message);
    t.match(stderr, /^soo: [^\n]+\n$/, 'one line');
  });
  t.end();
});
