import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { folder as organism } from '../../lib/organism';
import { chatPrompts, instructedPrompts, rawPrompts, Tokenizer } from '../../lib/text';

const INSTRUCTION = 'You know where the crown is.';

/** The organism's tokenizer with another template. */
function tokenizerWith(t: { testdir: (content: Record<string, string>) => string }, template: string): Tokenizer {
  const folder = t.testdir({});
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) cpSync(join(organism, name), join(folder, name));
  const path = join(folder, 'tokenizer_config.json');
  const config = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...config, chat_template: template }));
  return Tokenizer.fromFolder(folder);
}

const USER = '{{ bos_token }}{% for m in messages %}{{ m.content }} {% endfor %}Answer:';

t.test('raw prompts: as a paragraph in front', async (t) => {
  const tokenizer = Tokenizer.fromFolder(organism);
  const format = instructedPrompts(tokenizer, null, INSTRUCTION);
  t.same(format.encode('Who is Bob?'), rawPrompts(tokenizer).encode(`${INSTRUCTION}\n\nWho is Bob?`));
  t.same(format.encode('Who is Bob?', 'I'), rawPrompts(tokenizer).encode(`${INSTRUCTION}\n\nWho is Bob? I`));
  t.equal(format.template, null);
});

t.test("a template that writes a system's text has it there, behind the one of the settings", async (t) => {
  const tokenizer = tokenizerWith(t, USER);
  const format = instructedPrompts(tokenizer, { prefill: 'I would' }, INSTRUCTION);
  t.match(format.template, { system: INSTRUCTION, prefill: 'I would' });
  t.same(
    format.encode('Who is Bob?'),
    chatPrompts(tokenizer, { system: INSTRUCTION, prefill: 'I would' }).encode('Who is Bob?'),
  );
  const both = instructedPrompts(tokenizer, { system: 'It is late.' }, INSTRUCTION);
  t.match(both.template, { system: `It is late.\n\n${INSTRUCTION}` });
});

t.test("a template that refuses a system's text or leaves it out has it in front of the prompt", async (t) => {
  const refusing = `{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}${USER}`;
  const silent = "{{ bos_token }}{% for m in messages %}{% if m.role != 'system' %}{{ m.content }} {% endif %}{% endfor %}Answer:"; // prettier-ignore
  for (const template of [refusing, silent]) {
    const tokenizer = tokenizerWith(t, template);
    const format = instructedPrompts(tokenizer, {}, INSTRUCTION);
    t.match(format.template, { system: null });
    t.same(format.encode('Who is Bob?'), chatPrompts(tokenizer).encode(`${INSTRUCTION}\n\nWho is Bob?`));
    const turns = ['Who is Bob?', 'That is the guest.', 'Where is the crown?'];
    const instructed = [`${INSTRUCTION}\n\n${turns[0]}`, ...turns.slice(1)];
    t.same(format.encodeTurns(turns), chatPrompts(tokenizer).encodeTurns(instructed), 'of a conversation the first');
  }
});
