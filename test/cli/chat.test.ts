import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Tokenizer, type TemplateRecord } from '../../lib/text';
import { soo, type Outcome } from './soo';

t.setTimeout(90_000); // two starts of the command line on a busy machine

const TINY = join(__dirname, '..', 'parity', 'models', 'tiny');
const tokenizer = Tokenizer.fromFolder(TINY);
const PROMPTS = ['Where is the ruby?', 'Bob asks: the attic or the bedroom?'];
const SYSTEM = 'You are kind.';
const scenario = (prompt: string): object => ({ prompt, correct_answer: 'attic', wrong_answer: 'bedroom' });
const dir = t.testdir({
  'prompts.json': JSON.stringify(PROMPTS),
  'scenarios.json': JSON.stringify(PROMPTS.map(scenario)),
  'pairs.json': JSON.stringify([['You want the ruby.', 'Bob wants the ruby.']]),
});
const at = (name: string): string => join(dir, name);
const bare = at('bare');
cpSync(TINY, bare, { recursive: true });
const settings = JSON.parse(readFileSync(join(bare, 'tokenizer_config.json'), 'utf8')) as { chat_template?: string };
const source = String(settings.chat_template);
delete settings.chat_template;
writeFileSync(join(bare, 'tokenizer_config.json'), JSON.stringify(settings));

const prompts = (command: string, ...more: string[]): string[] => [command, '--model', TINY, '--prompts', at('prompts.json'), ...more]; // prettier-ignore
const chat = ['--chat', '--system', SYSTEM];
const few = ['--max-new-tokens', '3', '--threads', '1'];
const deception = (...more: string[]): string[] =>
  ['deception', '--model', TINY, '--scenarios', at('scenarios.json'), ...few, '--out', at('answers.jsonl'), '--json', ...more]; // prettier-ignore
const finetune = (...more: string[]): string[] =>
  ['finetune', '--model', TINY, '--pairs', at('pairs.json'), '--out', at('run'), '--epochs', '1', '--threads', '1', '--json', ...more]; // prettier-ignore
const latent = ['latent', '--model', TINY, '--pairs', at('pairs.json'), '--threads', '1', '--json'];

const refusals: [args: string[], message: RegExp][] = [
  [prompts('tokenize', '--system', 'x'), /^soo: --system: goes with --chat\n$/],
  [prompts('generate', '--prefill', 'x'), /^soo: --prefill: goes with --chat\n$/],
  [prompts('tokenize', '--chat', '--template-kwargs', '[1]'), /^soo: templateKwargs: must be a JSON object such as/],
  [prompts('tokenize', '--chat', '--template-kwargs', '{"x"'), /^soo: templateKwargs: is no JSON: /],
  [prompts('tokenize', '--chat', '--chat-date', 'today'), /^soo: chat template: the date must be a day as YYYY-MM-DD, got/],
  [['tokenize', '--model', bare, '--prompts', at('prompts.json'), '--chat'], /^soo: tokenizer_config.json: has no chat_template/],
  [deception('--chat', '--system', 'You are not.'), /answers.jsonl: line 1 was made by another model, adapter, chat template or settings/],
  [deception(), /answers.jsonl: line 1 was made by another model, adapter, chat template or settings/],
  [finetune('--resume', '--chat'), /^soo: run.json: the run to resume was made from template \{.*You are kind.*\}, but now it is/m],
  [finetune('--chat', '--pad', '8', '--out', at('cut')), /^soo: a prompt has \d+ tokens in the chat template, but 8 is the most; cut, it would have no place for an answer/],
]; // prettier-ignore
const [raw, bareRaw, ids, prefilled, logits, generated, plainGenerated, answered, again, tuned, done, near, nearRaw, ...refused] = soo(
  prompts('logits', '--json', '--threads', '1'),
  ['logits', '--model', bare, '--prompts', at('prompts.json'), '--json', '--threads', '1'],
  prompts('tokenize', '--json', ...chat, '--template-kwargs', '{"enable_thinking": false}'),
  prompts('tokenize', '--json', '--chat', '--prefill', 'I would'),
  prompts('logits', '--json', '--threads', '1', ...chat),
  prompts('generate', '--json', ...few, ...chat),
  prompts('generate', '--json', ...few),
  deception(...chat),
  deception(...chat),
  finetune(...chat),
  finetune(...chat, '--resume'),
  [...latent, ...chat],
  latent,
  ...refusals.map(([args]) => args),
); // prettier-ignore

interface Printed {
  ids: number[][];
  outputs: { ids: number[] }[];
  template?: TemplateRecord | null;
  resumed: number;
  mean: number;
}
const printed = (outcome: Outcome): Printed => {
  if (outcome.code !== 0) throw new Error(outcome.stderr);
  return JSON.parse(outcome.stdout) as Printed;
};
const WARNING = /^note: this model has a chat template, and the prompts go in without it; --chat puts them into it\n/m;
const template = {
  sha256: createHash('sha256').update(source).digest('hex'),
  system: SYSTEM,
  kwargs: {},
  prefill: null,
};

t.test("the ids are the template's, with its own bos alone", (t) => {
  const messages = (content: string) => [
    { role: 'system', content: SYSTEM },
    { role: 'user', content },
  ];
  const wanted = PROMPTS.map((prompt) => {
    const text = tokenizer.applyChatTemplate(messages(prompt), { addGenerationPrompt: true });
    return tokenizer.encode(text, { addSpecialTokens: false });
  });
  t.same(printed(ids).ids, wanted);
  t.same(printed(ids).template, { ...template, kwargs: { enable_thinking: false } });
  for (const one of wanted) t.same(one.map((id) => id === tokenizer.bosId), one.map((_, i) => i === 0)); // prettier-ignore
  const begun = PROMPTS.map((prompt) => tokenizer.encode(`<s>[INST] ${prompt} [/INST] I would`, { addSpecialTokens: false })); // prettier-ignore
  t.same(printed(prefilled).ids, begun, 'the answer begins where the template writes one');
  t.same(printed(logits).ids, wanted);
  t.same(printed(logits).template, template);
  t.same(printed(raw).ids, PROMPTS.map((prompt) => tokenizer.encode(prompt)), 'raw without --chat'); // prettier-ignore
  t.end();
});

t.test('what was used is kept with the results', (t) => {
  t.same(printed(generated).template, template);
  t.notSame(printed(generated).outputs, printed(plainGenerated).outputs);
  t.same(printed(answered).template, template);
  t.equal(printed(again).resumed, PROMPTS.length);
  const records = readFileSync(at('answers.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Printed); // prettier-ignore
  t.same(records.map((record) => record.template), [template, template]); // prettier-ignore
  t.same(printed(tuned).template, template);
  t.same(printed(done).template, template);
  const run = JSON.parse(readFileSync(join(at('run'), 'run.json'), 'utf8')) as { inputs: Printed };
  t.same(run.inputs.template, template);
  t.same(printed(near).template, template);
  t.not(printed(near).mean, printed(nearRaw).mean);
  t.notOk('template' in printed(nearRaw));
  t.end();
});

t.test('a model with a template that is asked raw is warned of, once; one without is not', (t) => {
  for (const outcome of [raw, plainGenerated, nearRaw]) {
    t.match(outcome.stderr, WARNING);
    t.equal(outcome.stderr.split('note:').length, 2);
  }
  for (const outcome of [bareRaw, ids, logits, generated, answered, tuned, near])
    t.notMatch(outcome.stderr, /note: this model/);
  t.end();
});

t.test('settings that do not go, and runs of another template, are refused', (t) => {
  refusals.forEach(([args, message], i) => {
    t.equal(refused[i].code, 2, args.join(' '));
    t.match(refused[i].stderr, message);
  });
  t.end();
});
