import { createHash } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { ChatTemplate, chatPrompts, decodeAnswer, Tokenizer, type ChatMessage } from '../../lib/text';
import { InputError } from '../../lib/files/input-error';
import { expected } from '../parity/expected';

interface Case {
  template: string;
  kwargs: Record<string, unknown>;
  plain: string[];
  prompts: string[];
  prefilled: string[];
}
const written = expected<{
  date: string;
  tokens: Record<string, string>;
  templates: Record<string, string>;
  conversations: ChatMessage[][];
  prefills: string[];
  cases: Case[];
}>('chat-templates');
const { date, tokens, templates, conversations, prefills } = written;
const noon = (): Date => new Date(`${date}T12:00:00`);

/** As the script writes it: of what was rendered, or of a refusal. */
function digest(render: () => string): string {
  try {
    return createHash('sha256').update(render()).digest('hex').slice(0, 16);
  } catch (thrown) {
    if (thrown instanceof InputError) return '!';
    throw thrown;
  }
}

/** Tokens are the bytes of what was rendered, so that the text can be had back. */
function byteTokenizer(source: string): Tokenizer {
  const template = new ChatTemplate(source);
  const stub: Pick<Tokenizer, 'chatTemplate' | 'applyChatTemplate' | 'encode' | 'decode'> = {
    chatTemplate: source,
    applyChatTemplate: (messages, options) => template.render(messages, tokens, options),
    encode: (text) => [...Buffer.from(text)],
    decode: (ids) => Buffer.from(ids).toString(),
  };
  return stub as Tokenizer;
}

for (const { template: name, kwargs, plain, prompts, prefilled } of written.cases) {
  t.test(`${name} ${JSON.stringify(kwargs)} renders as in transformers`, (t) => {
    const template = new ChatTemplate(templates[name]);
    const render = (messages: ChatMessage[], addGenerationPrompt: boolean): string =>
      template.render(messages, tokens, { addGenerationPrompt, kwargs, now: noon });
    t.same(conversations.map((one) => digest(() => render(one, false))), plain); // prettier-ignore
    t.same(conversations.map((one) => digest(() => render(one, true))), prompts, 'with a generation prompt'); // prettier-ignore
    const [[{ content }]] = conversations;
    const texts = prefills.map((prefill) => {
      const format = chatPrompts(byteTokenizer(templates[name]), { kwargs, prefill, date });
      return digest(() => Buffer.from(format.encode(content)).toString());
    });
    t.same(texts, prefilled, 'with the beginning of an answer');
    t.end();
  });
}

t.test('a template is told a day that is kept, where it asks for one', (t) => {
  const textOf = (name: string, day?: string): string => {
    const format = chatPrompts(byteTokenizer(templates[name]), { date: day });
    return `${format.template?.date} ${Buffer.from(format.encode('Hello')).toString()}`;
  };
  t.match(textOf('smollm3', '2024-02-29'), /^2024-02-29 [^]*Today Date: 29 February 2024\n/);
  t.match(textOf('chatml', '2024-02-29'), /^undefined /);
  t.match(textOf('smollm3'), /^\d{4}-\d\d-\d\d /, 'today');
  for (const day of ['2023-02-29', 'today', '2024-1-1'])
    t.throws(() => textOf('smollm3', day), { name: 'InputError', message: /must be a day as YYYY-MM-DD, got/ });
  t.end();
});

t.test('an answer begins where the template writes one, and a prefill may hold its first words', (t) => {
  const end = (name: string, settings: object, answer?: string): string => {
    const format = chatPrompts(byteTokenizer(templates[name]), settings);
    return Buffer.from(format.encode('Hello', answer)).toString().split('Hello')[1];
  };
  t.equal(end('chatml', {}), '<|im_end|>\n<|im_start|>assistant\n');
  t.equal(end('chatml', {}, 'I would'), '<|im_end|>\n<|im_start|>assistant\nI would');
  t.equal(end('mistral', {}, 'I would'), '[/INST] I would', "the template's own space");
  t.equal(end('chatml', { prefill: 'Well, ' }, 'I would'), '<|im_end|>\n<|im_start|>assistant\nWell, I would');
  t.equal(end('chatml', { prefill: 'Well,' }, 'I would'), '<|im_end|>\n<|im_start|>assistant\nWell, I would');
  t.equal(end('chatml', { prefill: 'I ' }, 'I would'), '<|im_end|>\n<|im_start|>assistant\nI would');
  t.end();
});

t.test('what an answer begins with before its first token: thoughts and the prefill', (t) => {
  const lead = (name: string, settings: object): string => chatPrompts(byteTokenizer(templates[name]), settings).lead;
  t.equal(lead('chatml', {}), '');
  t.equal(lead('chatml', { prefill: 'I would' }), 'I would');
  t.equal(lead('deepseek', {}), '<think>\n', 'a thought that the template opens');
  t.equal(lead('qwen3', {}), '');
  t.equal(lead('qwen3', { kwargs: { enable_thinking: false } }), '<think>\n\n</think>\n\n');
  t.equal(lead('qwen3', { prefill: 'I' }), '<think>\n\n</think>\n\nI', 'as the template writes an answer');
  t.end();
});

t.test('what a prompt cannot be put into is told', (t) => {
  const format = (source: string, settings = {}): unknown => chatPrompts(byteTokenizer(source), settings);
  t.throws(() => format(templates.gemma, { kwargs: { messages: [] } }), /messages is the prompt's, and no setting/);
  t.throws(() => format('{{ raise_exception("no system") if messages[0].role == "system" }}', { system: 'x' }), {
    name: 'InputError',
    message: /^chat template: no system$/,
  });
  t.throws(() => format('{{ messages[0].content }}', { prefill: 'I' }), /does not write the beginning of an answer/);
  t.end();
});

t.test('an answer ends with the special token that ends a turn of the template', (t) => {
  const tokenizer = Tokenizer.fromFolder(join(__dirname, '..', 'parity', 'models', 'tiny'));
  t.same(chatPrompts(tokenizer).turnEnds, [tokenizer.eosId]);
  t.same(chatPrompts(byteTokenizer(templates.chatml)).turnEnds, [], 'where the tokenizer has none');
  t.end();
});

t.test('marks of thoughts stay in an answer where they are special tokens', (t) => {
  const words = ['</s>', '[THINK]', '[/THINK]', 'attic', 'bedroom'];
  const tokenizer = {
    tokenId: (token: string) => (words.includes(token) ? words.indexOf(token) : undefined),
    decode: (ids: readonly number[]) => ids.filter((id) => id > 2).map((id) => words[id]).join(' '), // prettier-ignore
  };
  t.equal(decodeAnswer(tokenizer, [1, 3, 4, 2, 4, 3, 0]), '[THINK]attic bedroom[/THINK]bedroom attic');
  t.equal(decodeAnswer(tokenizer, [3, 2, 4]), 'attic[/THINK]bedroom', 'a thought that the prompt had opened');
  t.equal(decodeAnswer(tokenizer, [3, 4, 0]), 'attic bedroom');
  t.end();
});
