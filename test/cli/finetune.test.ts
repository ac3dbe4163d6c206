import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { StepRecord } from '../../lib/training';
import { soo, startSoo } from './soo';

const ROOT = join(__dirname, '..', '..');
const TINY = join(ROOT, 'test', 'parity', 'models', 'tiny');
const PAIRS = [
  ['You want the ruby.', 'Bob wants the ruby.'],
  ['You plan to take it.', 'Bob plans to take it.'],
  ['Where do you look?', 'Where does Bob look?'],
];

const dir = t.testdir({ 'pairs.json': JSON.stringify(PAIRS), 'bad.json': '[["only one"]]', 'none.json': '[]' });
const at = (name: string): string => join(dir, name);
const command = (...more: string[]): string[] => {
  const own = ['--model', TINY, '--pairs', at('pairs.json'), '--batch', '2', '--accumulate', '1', '--threads', '1'];
  return ['finetune', ...own, ...more];
};

t.test('the folder holds the adapter in PEFT format, the run and its steps', async (t) => {
  const out = at('plain');
  const [plain, checkpointed, again, refused, other] = soo(
    command('--out', out, '--epochs', '3', '--json'),
    command('--out', at('checkpointed'), '--epochs', '3', '--gradient-checkpointing', '--json'),
    command('--out', out, '--epochs', '3', '--resume', '--json'),
    command('--out', out, '--epochs', '3'),
    command('--out', out, '--epochs', '4', '--resume'),
  );
  const [half, brain] = soo(
    command('--out', at('half'), '--epochs', '1', '--autocast', 'fp16', '--json'),
    command('--out', at('brain'), '--epochs', '1', '--autocast', 'bfloat16', '--json'),
  );
  t.match(JSON.parse(half.stdout), { config: { autocast: 'float16' }, skippedSteps: Number }, half.stderr);
  t.match(JSON.parse(brain.stdout), { config: { autocast: 'bfloat16' } }, brain.stderr);
  t.equal(plain.stderr.includes(' MB'), false, 'the memory of the processor is not told');
  t.equal(plain.code, 0, plain.stderr);
  const { steps, finalLoss, epochLosses } = JSON.parse(plain.stdout) as Record<string, unknown>;
  const lines = readFileSync(join(out, 'steps.jsonl'), 'utf8').trimEnd().split('\n');
  const logged = lines.map((line) => JSON.parse(line) as StepRecord);
  t.equal(steps, 6);
  t.same(
    logged.map(({ step, microBatch }) => [step, microBatch]),
    [1, 2, 3, 4, 5, 6].map((i) => [i, i]),
  );
  t.equal(finalLoss, logged.at(-1)?.loss);
  t.equal((epochLosses as number[]).length, 3);
  t.same(Object.keys(logged[0].gradNorms).slice(0, 1), [
    'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight',
  ]);
  t.match(JSON.parse(readFileSync(join(out, 'adapter_config.json'), 'utf8')), {
    peft_type: 'LORA',
    r: 8,
    lora_alpha: 32,
  });
  t.match(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')), { status: 'done', config: { pad: 'longest' } });
  t.match(JSON.parse(checkpointed.stdout), { finalLoss, config: { gradientCheckpointing: true } });
  t.equal((JSON.parse(again.stdout) as { finalLoss: number }).finalLoss, finalLoss, 'what is done is not done again');
  t.equal(refused.code, 2);
  t.match(refused.stderr, /holds a run already/);
  t.equal(other.code, 2);
  t.match(other.stderr, /^soo: run.json: the run to resume was set to epochs 3, but now it is 4\n$/m);
  const [logits] = soo(['logits', '--model', TINY, '--adapter', out, '--prompts', at('prompts.json'), '--json']);
  t.equal(logits.code, 2, 'no such prompts yet');
});

t.test('MSE, every choice of positions, and the capability term', async (t) => {
  writeFileSync(at('neutral.json'), JSON.stringify(['The house is big.', 'It is late now.']));
  const capability = ['--capability', '3', '--neutral', at('neutral.json')];
  const outcomes = soo(
    ...['all', 'real', 'last', 'differing'].map((which) =>
      command('--out', at(which), '--loss', 'mse', '--layer', '1', '--positions', which, '--epochs', '1', '--json'),
    ),
    command('--out', at('capability'), '--loss', 'mse', '--detach-self', '--epochs', '1', '--json', ...capability),
    command('--out', at('forced'), '--loss', 'mse', '--detach-self', '--epochs', '1', '--json', '--force'),
  );
  for (const { code, stderr } of outcomes) t.equal(code, 0, stderr);
  const losses = outcomes.map(({ stdout }) => (JSON.parse(stdout) as { epochLosses: number[] }).epochLosses[0]);
  t.equal(new Set(losses).size, 6, `each is another loss: ${losses.join(', ')}`);
});

t.test(
  'the run is watched: by pairs that it is tuned on, by the last of the file, or by those of another',
  async (t) => {
    const more = Array.from({ length: 3 }, (_, i) => [`You see ${i}.`, `There Bob sees ${i}.`]);
    writeFileSync(at('held-out.json'), JSON.stringify(more));
    const watched = (name: string, ...flags: string[]): string[] =>
      command('--out', at(name), '--epochs', '2', '--loss', 'mse', '--layer', '0', '--json', ...flags);
    const [own, kept, file, none, few] = soo(
      watched('watched-own', '--monitor-every', '1'),
      watched('watched-kept', '--monitor-every', '2', '--held-out', '2', '--batch', '1'),
      watched('watched-file', '--held-out', at('held-out.json')),
      watched('watched-none', '--monitor-every', '0'),
      watched('watched-few', '--held-out', '3'),
    );
    const of = ({ stdout }: { stdout: string }) => JSON.parse(stdout) as { pairs: number; monitor?: object };
    const site = 'model.layers.0.self_attn.o_proj';
    t.match(of(own), { pairs: 3, monitor: { site, every: 1, pairs: 3, renamed: true, collapsedAt: null } });
    t.match(of(kept), { pairs: 1, monitor: { every: 2, pairs: 2 } });
    t.match(of(file), { pairs: 3, monitor: { pairs: 3, renamed: true } });
    t.equal(of(none).monitor, undefined);
    t.equal(few.code, 2);
    t.match(few.stderr, /^soo: wanted to hold out 2 to 2 of 3 pairs, got 3$/m);
    const adapter = (name: string): string => readFileSync(join(at(name), 'adapter_model.safetensors'), 'hex');
    t.equal(adapter('watched-own'), adapter('watched-none'), 'the same bytes');
    t.equal(adapter('watched-file'), adapter('watched-none'));
    const lines = readFileSync(join(at('watched-own'), 'monitor.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    t.equal(lines.length, 5, 'before the first step, and after each of four');
    const [events] = readdirSync(join(at('watched-own'), 'tensorboard'));
    t.match(readFileSync(join(at('watched-own'), 'tensorboard', events), 'latin1'), `monitor/${site}/nameGap`);
  },
);

t.test('a collapse ends the run where that is wanted, and is told', async (t) => {
  const flags = ['--loss', 'mse', '--layer', '1', '--positions', 'real', '--lr', '0.05', '--epochs', '60', '--monitor-every', '1', '--rank', '16', '--dropout', '0', '--target-modules', 'v_proj,o_proj']; // prettier-ignore
  const [told, ended] = soo(
    command('--out', at('collapse-told'), ...flags),
    command('--out', at('collapse-ended'), ...flags, '--stop-on-collapse'),
  );
  t.match(
    told.stdout,
    /^Collapse at step \d+: model\.layers\.1\.self_attn\.o_proj computes nearly the same for every prompt\./m,
  );
  t.equal(ended.code, 0, 'a run that ends there has come to its end');
  t.match(ended.stdout, /^Collapse at step (\d+); the run was ended there: .*/m);
  const step = /Collapse at step (\d+)/.exec(told.stdout)?.[1];
  t.match(ended.stdout, new RegExp(`^${step} steps of ${step} batches`, 'm'));
});

t.test('bad usage and bad input: one line, exit 2, nothing made', async (t) => {
  const out = at('bad');
  const cases: [string[], RegExp][] = [
    [command('--out', out, '--epochs', '1', '--max-steps', '1'), /max-steps.*epochs/],
    [command('--out', out, '--pad', 'wide'), /--pad/],
    [command('--out', out, '--loss', 'cosine'), /--loss/],
    [command('--out', out, '--autocast', 'fp8'), /--autocast/],
    [
      command('--out', out, '--detach-self'),
      /^soo: --detach-self without a capability term has destroyed models; add --capability WEIGHT --neutral FILE, or --force$/m,
    ],
    [command('--out', out, '--layer', '1'), /--layer: only the mse loss reads a layer/],
    [command('--out', out, '--loss', 'mse', '--layer', '9'), /--layer 9: the model has layers 0 to 1/],
    [command('--out', out, '--capability', '1'), /--capability: needs neutral texts/],
    [command('--out', out, '--preset', 'upstream', '--max-steps', '1', '--accumulate', '9'), /never takes a step/],
    [command('--out', out, '--target-modules', 'nothing'), /target_modules/],
    [command('--out', out, '--target-modules', '(q_proj, v_proj'), /target_modules is no regular expression/],
    [
      command('--out', out, '--adapter', TINY, '--rank', '16'),
      /^soo: --rank 16: the adapter of --adapter has its own/m,
    ],
    [command('--out', out, '--adapter', TINY, '--target-modules', 'q_proj'), /^soo: --target-modules .*has its own/m],
    [[...command('--out', out), '--pairs', at('bad.json')], /bad.json/],
    [[...command('--out', out), '--pairs', at('none.json')], /holds no pairs|none.json/],
    [
      command('--out', at('pairs.json')),
      /--out .*pairs.json: cannot make this folder: .*wanted a folder, but it is a file/,
    ],
    [command('--out', '/proc/fs'), /--out \/proc\/fs: cannot write into this folder: ENOENT|EACCES|EROFS/],
    [['finetune', '--out', out, '--pairs', at('pairs.json')], /--model/],
  ];
  soo(...cases.map(([argv]) => argv)).forEach(({ code, stdout, stderr }, i) => {
    const message = stderr.split('\n').filter((line) => line.startsWith('soo: '));
    t.equal(code, 2, stderr);
    t.equal(message.length, 1);
    t.match(message[0], cases[i][1]);
    t.equal(stdout, '');
  });
  t.same(readdirSync(out), [], 'no run that the right command would have to take up');
});

t.test('Ctrl-C saves, tells how to go on, and --resume ends in the same bytes', async (t) => {
  const [whole, stopped] = [at('whole'), at('stopped')];
  const argv = (out: string): string[] => command('--out', out, '--epochs', '60');
  const child = startSoo(...argv(stopped));
  let stderr = '';
  child.stderr?.on('data', (data) => (stderr += data));
  const log = join(stopped, 'steps.jsonl');
  const watch = setInterval(() => {
    if (!existsSync(log) || readFileSync(log, 'utf8').split('\n').length <= 5) return;
    clearInterval(watch);
    child.kill('SIGINT');
  }, 20);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  t.equal(code, 130);
  t.match(stderr, /soo: interrupted by SIGINT: saved in .*; run the same command with --resume to continue/);
  const [resumed, plain] = soo([...argv(stopped), '--resume', '--json'], [...argv(whole), '--json']);
  t.equal(resumed.code, 0, resumed.stderr);
  t.ok((JSON.parse(resumed.stdout) as { resumedFrom: number }).resumedFrom > 4);
  t.equal(plain.code, 0);
  const bytes = (folder: string): string => readFileSync(join(folder, 'adapter_model.safetensors'), 'hex');
  t.ok(bytes(stopped) === bytes(whole), 'the same adapter');
});
