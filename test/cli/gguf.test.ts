import t from 'tap';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { soo } from './soo';

const FILE = join(__dirname, '..', 'parity', 'gguf', 'llama.gguf');
const prompts = ['AB', 'B A!', '$%&'];
const pairs = [
  ['ABC', 'CBA'],
  ['XY', 'ZY'],
];
const dir = t.testdir({
  'prompts.json': JSON.stringify(prompts),
  'pairs.json': JSON.stringify(pairs),
  'broken.gguf': 'GGUF',
});
const at = (name: string): string => join(dir, name);
const asked = ['--prompts', at('prompts.json'), '--json'];

t.test('a GGUF file goes wherever a folder goes, and the folder that is made of it says the same', async (t) => {
  const [converted] = soo(['convert', '--model', FILE, '--out', at('folder'), '--dtype', 'float32', '--json']);
  t.equal(converted.code, 0, converted.stderr);
  t.match(JSON.parse(converted.stdout), { modelType: 'llama', dtype: 'float32', tensors: 21, out: at('folder') });
  const outcomes = soo(
    ...[FILE, at('folder')].flatMap((model) => [
      ['tokenize', '--model', model, ...asked],
      ['generate', '--model', model, ...asked, '--max-new-tokens', '6', '--ignore-eos'],
      ['logits', '--model', model, ...asked],
      ['latent', '--model', model, '--pairs', at('pairs.json'), '--json'],
    ]),
  );
  for (const { code, stderr } of outcomes) t.equal(code, 0, stderr);
  const json = outcomes.map(({ stdout }) => JSON.parse(stdout) as Record<string, unknown>);
  const [tokens, answers, logits] = json;
  t.match(tokens.ids, [[63], [36, 62, 35, 3], [6, 7, 8]]);
  t.same(json[4].ids, tokens.ids);
  t.same(json[5].outputs, answers.outputs);
  t.same(json[6].ids, logits.ids);
  const far = (logits.logits as number[][]).flat().map((value, i) => Math.abs(value - (json[6].logits as number[][]).flat()[i])); // prettier-ignore
  t.ok(Math.max(...far) < 1e-5);
});

t.test("a run keeps the file's hash, and goes on from the same file", (t) => {
  const command = ['finetune', '--model', FILE, '--pairs', at('pairs.json'), '--epochs', '1', '--out', at('run')];
  const [run, again] = soo([...command, '--json'], [...command, '--resume', '--json']);
  t.equal(run.code, 0, run.stderr);
  t.equal(again.code, 0, again.stderr);
  const { inputs } = JSON.parse(readFileSync(join(at('run'), 'run.json'), 'utf8')) as { inputs: { model: unknown } };
  t.same(inputs.model, { 'llama.gguf': createHash('sha256').update(readFileSync(FILE)).digest('hex') });
  t.end();
});

t.test('what goes wrong is one line and code 2', (t) => {
  writeFileSync(at('taken'), '');
  const cases: [args: string[], message: RegExp][] = [
    [['logits', '--model', at('none.gguf'), ...asked], /--model .*none\.gguf: no such folder or file/],
    [['tokenize', '--model', at('none.gguf'), ...asked], /none\.gguf: no such folder or file/],
    [
      ['logits', '--model', at('broken.gguf'), ...asked],
      /broken\.gguf: ends at byte 4, within its version; truncated\?/,
    ],
    [
      ['convert', '--model', dir, '--out', at('x')],
      /--model .*: wanted a GGUF file, FILE\.gguf or ORG\/NAME:FILE\.gguf/,
    ],
    [['convert', '--model', at('none.gguf'), '--out', at('x')], /none\.gguf: no such folder or file/],
    [['convert', '--model', FILE, '--out', dir], /is there already, and is no empty folder/],
    [['convert', '--model', FILE, '--out', at('taken')], /taken: is there already/],
    [
      ['convert', '--model', FILE, '--out', at('x'), '--dtype', 'int8'],
      /dtype: must be one of float32, float16, bfloat16/,
    ],
    [['convert', '--model', FILE], /required option '--out <dir>' not specified/],
  ];
  const outcomes = soo(...cases.map(([args]) => args));
  cases.forEach(([args, message], i) => {
    const { code, stderr } = outcomes[i];
    t.equal(code, 2, args.join(' '));
    t.match(stderr.trim(), message);
    t.equal(stderr.trim().split('\n').length, 1);
  });
  t.notOk(existsSync(at('x')));
  t.notOk(
    readdirSync(dir).some((name) => name.startsWith('.')),
    'nothing is left',
  );
  t.end();
});
