import t from 'tap';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson, readJsonFile, readTextFile } from '../../lib/files/json-file';
import { InputError, oneLine, shown } from '../../lib/files/input-error';

t.test('a repeated key is found wherever it stands', (t) => {
  const unique = (text: string) => parseJson(text, 'x.json', { uniqueKeys: true });
  const twice = /x.json: the key "k" stands there twice/;
  t.throws(() => unique('{"k":1,"k":2}'), twice);
  t.throws(() => unique('{"a":[{"b":{"k":1 , "k" :2}}]}'), twice);
  t.throws(() => unique('{"a":"}\\"{,","k":["k","k"],"k":0}'), twice);
  t.throws(() => unique('{"\\u006b":1,"k":2}'), twice, 'an escaped key is the same key');
  t.same(unique('{"k":{"k":["k","k"]},"l":"k","m":{"k":1}}'), { k: { k: ['k', 'k'] }, l: 'k', m: { k: 1 } });
  t.same(unique('[{"k":1},{"k":2}]'), [{ k: 1 }, { k: 2 }]);
  t.same(parseJson('{"k":1,"k":2}', 'x.json'), { k: 2 }, 'unless nobody asked');
  t.end();
});

t.test('files that cannot be read say so in one line', (t) => {
  const folder = t.testdir({ 'bad.json': '{\n\n"a": nope\n}', sub: {} });
  writeFileSync(join(folder, 'latin.json'), Uint8Array.of(0x22, 0xe9, 0x22));
  t.throws(() => readJsonFile(join(folder, 'none.json')), {
    name: 'InputError',
    message: /^none.json: no such file: /,
  });
  t.throws(() => readJsonFile(join(folder, 'sub')), { message: /^sub: wanted a file/ });
  t.throws(() => readJsonFile(join(folder, 'bad.json', 'x')), { message: /a part of the path is not a folder/ });
  t.throws(() => readJsonFile(join(folder, 'bad.json')), { message: /^bad.json: is not JSON: [^\n]*$/ });
  t.throws(() => readJsonFile(join(folder, 'latin.json')), { message: 'latin.json: is not UTF-8 text' });
  t.throws(() => readTextFile(join(folder, 'bad.json'), 5), { message: 'bad.json: 14 bytes, more than the 5 allowed' });
  t.end();
});

t.test('messages stay on one line', (t) => {
  t.equal(new InputError('a\r\n  b\u2028c\u0000d').message, 'a b c d');
  t.equal(oneLine('x'.repeat(50), 10), `${'x'.repeat(9)}…`);
  t.equal(shown({ a: 'x'.repeat(100) }).length, 60);
  t.equal(shown(undefined), 'nothing');
  t.end();
});
