import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer, type ChatMessage } from '../../lib/text';

const parity = join(__dirname, '..', 'parity');

interface Expected {
  texts: { text: string; ids: number[]; plain: number[] }[];
  decoded: { ids: number[]; text: string; full: string }[];
  chats: { messages: ChatMessage[]; addGenerationPrompt: boolean; text: string }[];
}

// Made by test/parity/make_tokenizers.py with Python's tokenizers and transformers.
const expected = JSON.parse(readFileSync(join(parity, 'tokenizers.json'), 'utf8')) as Record<string, Expected>;

/** Text as a test's name: control characters and the like would break the test's own output. */
const named = (text: string): string =>
  JSON.stringify(text).replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

for (const [name, { texts, decoded, chats }] of Object.entries(expected)) {
  t.test(name, (t) => {
    const tokenizer = Tokenizer.fromFolder(join(parity, 'tokenizers', name));
    for (const { text, ids, plain } of texts) {
      t.same(tokenizer.encode(text), ids, `ids of ${named(text)}`);
      t.same(tokenizer.encode(text, { addSpecialTokens: false }), plain, `ids of ${named(text)}, none added`);
    }
    for (const { ids, text, full } of decoded) {
      t.equal(tokenizer.decode(ids), text, `text of ${ids.join(' ')}`);
      t.equal(tokenizer.decode(ids, { skipSpecialTokens: false }), full, `full text of ${ids.join(' ')}`);
    }
    for (const { messages, addGenerationPrompt, text } of chats) {
      t.equal(tokenizer.applyChatTemplate(messages, { addGenerationPrompt }), text, 'chat as transformers renders it');
    }
    t.end();
  });
}
