import t from 'tap';
import { parsePickle, type Json } from '../../lib/checkpoints';
import { altered, damaged, isClearError, noise, seeded } from '../fuzz/edits';
import { expected } from '../parity/expected';

// Made by test/parity/make_pickles.py with Python's pickle.
const { values, refused, python2 } = expected<{
  values: { name: string; json: Json; pickles: Record<string, string> }[];
  refused: { name: string; pickle: string; opcode: [name: string, offset: number] }[];
  python2: { pickle: string; json: Json };
}>('pickles');

const bytes = (base64: string): Uint8Array => Buffer.from(base64, 'base64');
/** A pickle of protocol 2 around hand-written opcodes. */
const of = (...parts: (string | number[])[]): Uint8Array =>
  Buffer.concat(['\x80\x02', ...parts].map((part) => Buffer.from(part as string, 'latin1')));

t.test('values of every protocol are those of Python', (t) => {
  for (const { name, json, pickles } of values) {
    for (const [protocol, pickle] of Object.entries(pickles)) {
      // As text: to tap's eyes a key called __proto__ is none.
      t.equal(
        JSON.stringify(parsePickle(bytes(pickle), 'x.pkl')),
        JSON.stringify(json),
        `${name}, protocol ${protocol}`,
      );
    }
  }
  t.strictSame(parsePickle(bytes(python2.pickle), 'x.pkl'), python2.json, 'as Python 2 writes them');
  t.end();
});

t.test('a key called __proto__ is a key', (t) => {
  const value = parsePickle(of('}X', [9, 0, 0, 0], '__proto__}X', [1, 0, 0, 0], 'a', 'K\x01ss.'), 'x.pkl');
  t.same(Object.keys(value as object), ['__proto__']);
  t.equal((value as { a?: unknown }).a, undefined);
  t.equal(({} as { a?: unknown }).a, undefined);
  t.end();
});

t.test('what is no data is refused by its name and place', (t) => {
  for (const { name, pickle, opcode } of refused) {
    const [code, offset] = opcode;
    const message = `x.pkl: byte ${offset}: ${code} is refused: only numbers, text, lists, tuples, sets and dicts are read`;
    t.throws(() => parsePickle(bytes(pickle), 'x.pkl'), { name: 'InputError', message }, name);
  }
  t.end();
});

t.test('each thing that can be wrong has its own message', (t) => {
  const nested = '('.repeat(70) + 't'.repeat(70);
  const tower = (levels: number): string =>
    Array.from({ length: levels }, (_, i) => `](${`h${String.fromCharCode(i)}`.repeat(100)}e\x94`).join('');
  const cases: [pickle: Uint8Array, message: RegExp][] = [
    [of(), /byte 2: the file ends without STOP; truncated\?/],
    [Buffer.from('{}'), /byte 0: 0x7b is no opcode of a pickle; is this a pickle\?/],
    [Buffer.from('\x80\x06N.', 'latin1'), /byte 0: PROTO wanted protocol 0 to 5, got 6/],
    [of('N'), /byte 3: the file ends without STOP/],
    [of('.'), /byte 2: STOP finds no value on the stack/],
    [of('NN.'), /byte 4: STOP leaves 1 values over/],
    [of('N.N'), /byte 3: STOP is followed by 1 more bytes/],
    [of('Na.'), /byte 3: APPEND wants a list on the stack/],
    [of('e.'), /byte 2: APPENDS finds no MARK on the stack/],
    [of('](', 'a.'), /byte 4: APPEND finds no value on the stack/],
    [of('K'), /byte 2: BININT1 needs 1 more bytes, and the file has 0; truncated\?/],
    [of('}(Nu.'), /byte 5: SETITEMS finds a key without its value/],
    [of('}NNs.'), /x.pkl: a dict has a key that is nothing, and only text is read/],
    [of('h\x07.'), /byte 2: BINGET wants memo 7, which was not put/],
    [of('X', [255, 0, 0, 0], 'abc.'), /byte 2: BINUNICODE needs 255 more bytes, and the file has 4; truncated\?/],
    [of('X', [1, 0, 0, 0], '\xff.'), /byte 2: BINUNICODE holds text that is not UTF-8/],
    [of('U\x01\xff.'), /holds text of Python 2 that is not ASCII/],
    [of('S"a\n.'), /STRING wanted text in quotes, got "\\"a"/],
    [of("S'\\q'\n."), /STRING wanted an escaped character/],
    [of('V\\u12\n.'), /UNICODE wanted an escaped character, got "\\\\u"/],
    [of('I1x\n.'), /INT wanted a whole number, got "1x"/],
    [of('Fnan\n.'), /FLOAT wanted a finite number, got "nan"/],
    [of('G', [0x7f, 0xf0, 0, 0, 0, 0, 0, 0], '.'), /BINFLOAT holds the number Infinity/],
    [of('\x8a\x08', [0, 0, 0, 0, 0, 0, 0, 1], '.'), /LONG1 holds a whole number beyond 2\^53/],
    [of('\x8b', [0xff, 0xff, 0xff, 0x7f], '.'), /LONG4 holds a number of 2147483647 bytes/],
    [of('\x8d', [255, 255, 255, 255, 255, 255, 255, 255], '.'), /BINUNICODE8 needs 18446744073709552000 more bytes/],
    [of('\x95', [9, 0, 0, 0, 0, 0, 0, 0], 'N.'), /FRAME has 9 bytes, and the file has 2 more/],
    [of(`(${nested}t.`), /values are nested deeper than 64/],
    [of(']\x94h\x00a.'), /a list contains itself/],
    [of('\x8f(]\x90.'), /a set cannot hold a list/],
    [of('\x8f((]t\x90.'), /a set cannot hold a list/],
    [of(`(](${'K\x01'.repeat(100)}e\x94${tower(4)}l.`), /come to more than 128 MB/],
  ];
  for (const [pickle, message] of cases) {
    t.throws(() => parsePickle(pickle, 'x.pkl'), { name: 'InputError', message }, String(message));
  }
  t.end();
});

t.test('a set comes in one order, whatever the order it was written in', (t) => {
  const set = (words: string[]): Json =>
    parsePickle(of('\x8f(', ...words.map((word) => `U${String.fromCharCode(word.length)}${word}`), '\x90.'), 'x.pkl');
  t.same(set(['b', 'a', 'ab', 'B', 'a']), ['B', 'a', 'ab', 'b']);
  t.same(set(['ab', 'B', 'b', 'a']), ['B', 'a', 'ab', 'b']);
  t.end();
});

t.test('6000 damaged pickles give a value or a clear error', (t) => {
  const random = seeded(11);
  const sources = values.flatMap(({ pickles }) => Object.values(pickles).map(bytes));
  let refusals = 0;
  for (let i = 0; i < 6000; i++) {
    const pickle = i % 20 ? (i % 2 ? damaged : altered)(random.pick(sources), random) : noise(300, random);
    try {
      JSON.stringify(parsePickle(pickle, 'x.pkl'));
    } catch (thrown) {
      refusals++;
      if (!isClearError(thrown)) t.fail(`case ${i}: ${String(thrown)}`);
    }
  }
  t.ok(refusals > 2000, `${refusals} of 6000 were refused`);
  t.end();
});
