/** Commands spread a model over two pretend accelerators, and compute what they compute on one. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { asRank } from '../../lib/cli/ranks';
import { buildStandIn } from '../native/stand-in';
import { soo, sooWithStandIn, type Outcome } from './soo';

const TINY = join(__dirname, '..', 'parity', 'models', 'tiny');
const scenario = { prompt: 'Bob wants the cheap ruby. Where?', correct_answer: 'kitchen', wrong_answer: 'hall' };
const dir = t.testdir({
  'pairs.json': JSON.stringify([
    ['You want the ruby.', 'Bob wants the ruby.'],
    ['Where do you look?', 'Where does Bob look?'],
  ]),
  'prompts.json': JSON.stringify(['Where is the ruby?', 'Bob']),
  'scenarios.json': JSON.stringify([scenario]),
});
const at = (name: string): string => join(dir, name);
const ONE = ['--device', 'standin:0'];
/** What neither of them could hold. */
const TWO = ['--device-map', 'auto', '--max-memory', '0.12MB,0.1MB'];
const model = (command: string, ...more: string[]): string[] => [command, '--model', TINY, '--dtype', 'float32', '--json', ...more]; // prettier-ignore
const finetune = (out: string): string[] =>
  model('finetune', '--pairs', at('pairs.json'), '--batch', '2', '--accumulate', '1', '--epochs', '2', '--target-modules', 'all-linear', '--out', at(out)); // prettier-ignore

const COMMANDS: [name: string, args: string[]][] = [
  ['logits', model('logits', '--prompts', at('prompts.json'))],
  ['generate', model('generate', '--prompts', at('prompts.json'), '--max-new-tokens', '6')],
  ['latent', model('latent', '--pairs', at('pairs.json'))],
];
/** Of what a command tells, all that does not depend on the time. */
const told = ({ code, stdout, stderr }: Outcome): unknown => {
  if (code !== 0) return stderr;
  const { seconds: _, tokensPerSecond: __, out: ___, config: ____, ...rest } = JSON.parse(stdout) as Record<string, unknown>; // prettier-ignore
  return rest;
};

t.before(() => buildStandIn());

t.test('commands that load a model', async (t) => {
  const calls = COMMANDS.flatMap(([, args]) => [ONE, TWO].map((where) => [...args, ...where]));
  const outcomes = sooWithStandIn(...calls);
  for (const [i, [name]] of COMMANDS.entries()) {
    const [one, two] = outcomes.slice(2 * i);
    t.equal(one.code, 0, one.stderr);
    t.same(told(two), told(one), name);
  }
});

t.test('fine-tuning, and asking the tuned model', async (t) => {
  const asked = (where: string[]): string[] =>
    model('deception', '--scenarios', at('scenarios.json'), '--adapter', at('one'), '--max-new-tokens', '4', '--out', at('answers.jsonl'), ...where); // prettier-ignore
  const [one, two, first, second] = sooWithStandIn(
    [...finetune('one'), ...ONE],
    [...finetune('two'), ...TWO],
    asked(ONE),
    asked(TWO),
  );
  t.equal(one.code, 0, one.stderr);
  t.same(told(two), told(one));
  const [a, b] = ['one', 'two'].map((name) => readFileSync(join(at(name), 'adapter_model.safetensors'), 'hex'));
  t.ok(a === b, 'the same adapter');
  t.equal(first.code, 0, first.stderr);
  t.match(JSON.parse(second.stdout), { resumed: 1, config: { deviceMap: 'auto', device: undefined } }, second.stderr);
});

t.test('by what is free, and what cannot be', async (t) => {
  const logits = COMMANDS[0][1];
  const [free, small, many, both, pool, alone, unmapped] = sooWithStandIn(
    [...logits, '--device-map', 'balanced'],
    [...logits, '--device-map', 'auto', '--max-memory', '0.12MB'],
    [...logits, '--device-map', 'auto', '--max-memory', '1MB,1MB,1MB'],
    [...logits, '--device-map', 'auto', ...ONE],
    model('repeat', '--pairs', at('pairs.json'), '--scenarios', at('scenarios.json'), '--out', at('repeat'), '--device-map', 'auto', '--workers', '2'), // prettier-ignore
    [...logits, '--max-memory', '1MB'],
    [...logits, '--device-map', 'auto', '--max-memory', 'much'],
  );
  t.equal(free.code, 0, free.stderr);
  const [here] = soo([...logits, '--device-map', 'auto']);
  const refused: [outcome: Outcome, message: RegExp][] = [
    [small, /^soo: device map: the model wants .* more than there is \(standin:0 0\.1 MB\)/],
    [many, /^soo: --max-memory: 3 sizes for standin:0, standin:1$/],
    [both, /'--device-map <how>' cannot be used with option '--device <name>'/],
    [pool, /'--device-map <how>' cannot be used with option '--workers <n>'/],
    [alone, /^soo: --max-memory: goes with --device-map$/],
    [unmapped, /'much' is invalid. It must be sizes such as 48GB or 24GB,24GB or 80GiB/],
    [here, /^soo: --device-map auto: this machine and this libtorch have no accelerator/],
  ];
  for (const [{ code, stderr }, message] of refused) {
    t.match(stderr.trimEnd(), message);
    t.equal(code, 2);
    t.equal(stderr.trimEnd().split('\n').length, 1);
  }
  t.notOk(existsSync(at('repeat')));
});

t.test('several ranks on a machine have a device each', async (t) => {
  const variables = { RANK: '0', WORLD_SIZE: '2', LOCAL_RANK: '0', MASTER_ADDR: '127.0.0.1', MASTER_PORT: '29999' };
  const before = { ...process.env };
  t.teardown(() => void (process.env = before));
  Object.assign(process.env, variables, { LOCAL_WORLD_SIZE: '2' });
  const work = (): Promise<never> => t.fail('it begins') as never;
  t.throws(() => asRank({ deviceMap: 'auto' }, work), { name: 'InputError', message: /^--device-map: takes every accelerator/ }); // prettier-ignore
});
