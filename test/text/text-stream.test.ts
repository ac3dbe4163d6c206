import t from 'tap';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TextStream, Tokenizer } from '../../lib/text';

const parity = join(__dirname, '..', 'parity');
const { prompts } = JSON.parse(readFileSync(join(parity, 'models.json'), 'utf8')) as { prompts: string[] };
const TEXTS = [
  ...prompts,
  'I would point out the attic, Bob.',
  '  two  spaces\nand a line',
  'déjà vu 🙂🙃 漢字',
  "doesn't",
];

for (const name of readdirSync(join(parity, 'tokenizers'))) {
  t.test(`${name}: pieces put together are the text of all tokens`, async (t) => {
    const tokenizer = Tokenizer.fromFolder(join(parity, 'tokenizers', name));
    for (const text of TEXTS) {
      const ids = tokenizer.encode(text);
      const stream = new TextStream(tokenizer);
      const pieces = [...ids.map((id) => stream.push(id)), stream.end()];
      t.equal(pieces.join(''), tokenizer.decode(ids), JSON.stringify(text).replace(/[^ -~]/g, '?'));
      t.equal(
        pieces.slice(0, -1).some((piece) => piece.includes('\ufffd')),
        false,
        'no half characters',
      );
    }
  });
}

t.test('a character of several tokens comes when it is whole, a broken one at the end', async (t) => {
  const bytes: Record<number, number[]> = { 1: [0xe6], 2: [0xbc, 0xa2], 3: [0x61] };
  const decode = (ids: readonly number[]) => Buffer.from(ids.flatMap((id) => bytes[id])).toString();
  const stream = new TextStream({ decode });
  t.same(
    [stream.push(3), stream.push(1), stream.push(2), stream.push(1), stream.end(), stream.end()],
    ['a', '', '漢', '', '\ufffd', ''],
  );
});

t.test('only the last tokens are decoded', async (t) => {
  let most = 0;
  const decode = (ids: readonly number[]) => ((most = Math.max(most, ids.length)), ids.map((id) => ` w${id}`).join(''));
  const stream = new TextStream({ decode });
  for (let i = 0; i < 100; i++) t.equal(stream.push(i), ` w${i}`);
  t.ok(most <= 2, `${most} at a time`);
});
