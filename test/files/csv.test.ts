import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseCsv, readCsv } from '../../lib/files/csv';

t.test('fields as RFC 4180 has them', (t) => {
  const cases: [text: string, rows: string[][]][] = [
    ['a,b\n1,2\n', [['a', 'b'], ['1', '2']]],
    ['a,b\r\n1,2', [['a', 'b'], ['1', '2']]],
    ['"a, with comma","say ""hi"""\n"two\nlines",\n', [['a, with comma', 'say "hi"'], ['two\nlines', '']]],
    ['a\n\nb\n', [['a'], ['b']]],
    [',\n"",""', [['', ''], ['', '']]],
    ['"""",x', [['"', 'x']]],
    ['a,', [['a', '']]],
    ['', []],
  ]; // prettier-ignore
  for (const [text, rows] of cases) t.same(parseCsv(text, 'x'), rows, JSON.stringify(text));
  t.throws(() => parseCsv('a,"b', 'x'), { message: 'x: a quoted field at character 2 is not closed' });
  t.throws(() => parseCsv('"a"b', 'x'), { message: 'x: text stands behind the quoted field at character 0' });
  t.end();
});

t.test('rows by the names of the header', (t) => {
  const folder = t.testdir({});
  const file = (text: string): string => {
    writeFileSync(join(folder, 'x.csv'), text);
    return join(folder, 'x.csv');
  };
  t.same(readCsv(file('\ufeffa,b\n1,2\n3,4\n')), [
    { a: '1', b: '2' },
    { a: '3', b: '4' },
  ]);
  t.throws(() => readCsv(file('a,b\n1\n')), { message: 'x.csv: row 1 has 1 fields, but the header has 2' });
  t.throws(() => readCsv(file('a,a\n')), { message: 'x.csv: has two columns called "a"' });
  t.throws(() => readCsv(file('')), { message: 'x.csv: is empty' });
  t.end();
});
