import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { z } from 'zod';
import { LineLog, PlainLines, RecordFile } from '../../lib/files/json-lines';

const schema = z.object({ value: z.number() });
const RUN = 'ec7d383bea710879';
const ours = (value: number): string => `${JSON.stringify({ run: RUN, value })}\n`;

/** Tries all kinds of logs on a path; what they say. */
function refusals(path: string): string[] {
  return [
    () => new LineLog(path, 0),
    () => new RecordFile(path, RUN, schema),
    () => new PlainLines(path, schema, '{'),
  ].map((open) => {
    try {
      open();
      return 'opened';
    } catch (thrown) {
      return `${(thrown as Error).name}: ${(thrown as Error).message}`;
    }
  });
}

t.test('what lies behind a link or in a pipe is left alone', async (t) => {
  for (const content of ['', 'precious\n', ours(1)]) {
    const folder = t.testdir({ victim: content });
    const at = (name: string): string => join(folder, name);
    symlinkSync('victim', at('link'));
    symlinkSync('nothing', at('dangling'));
    linkSync(at('victim'), at('hard'));
    execFileSync('mkfifo', [at('pipe')]);
    for (const name of ['link', 'dangling', 'hard', 'pipe'])
      for (const said of refusals(at(name)))
        t.match(said, /^InputError: [^\n]+$/, `${name} of ${JSON.stringify(content)}`);
    t.equal(readFileSync(at('victim'), 'utf8'), content);
    t.throws(() => readFileSync(at('nothing')), { code: 'ENOENT' });
  }
});

t.test('records of others are never cut', async (t) => {
  const path = join(t.testdir(), 'records.jsonl');
  const foreign = [
    '{"run":"exp1","acc":0.91,"notes":"my only copy"}',
    '{"run":"exp1","acc":0.91,"no',
    '{"run":"ec7d383bea71087x',
    '{}',
    'text',
    `${ours(1)}{"my":"own"}`,
  ];
  for (const text of foreign) {
    writeFileSync(path, text);
    t.throws(() => new RecordFile(path, RUN, schema), { name: 'InputError' }, text);
    t.equal(readFileSync(path, 'utf8'), text);
  }
  const [whole, half] = [ours(1), ours(2)];
  for (let end = 0; end < half.length; end++) {
    writeFileSync(path, whole + half.slice(0, end));
    using file = new RecordFile(path, RUN, schema);
    t.same(file.earlier, [{ value: 1 }], `cut at ${end}`);
    t.equal(readFileSync(path, 'utf8'), whole);
  }
});

t.test('lines of another program are gone on with, and only half a last one is taken away', async (t) => {
  const path = join(t.testdir(), 'lines.jsonl');
  const [whole, half] = ['{"value": 1}\n', '{"value": 2.5, "x": "\u00e9"}'];
  for (let end = 0; end < half.length; end++) {
    writeFileSync(path, whole + half.slice(0, end));
    using file = new PlainLines(path, schema, '{"value":');
    t.same(file.earlier, [{ value: 1 }], `cut at ${end}`);
    file.append([{ value: 3 }]);
    t.equal(readFileSync(path, 'utf8'), `${whole}{"value":3}\n`);
  }
  for (const text of [whole + half, `${whole}{"my": "own`, `${whole}text`, '{"my": 1}\n', 'text\n', `${whole}\n`]) {
    writeFileSync(path, text);
    t.throws(() => new PlainLines(path, schema, '{"value":'), { name: 'InputError' }, text);
    t.equal(readFileSync(path, 'utf8'), text);
  }
  using _file = new PlainLines(join(t.testdir(), 'new.jsonl'), schema, '{"value":');
});

t.test('one file of records is written by one at a time', async (t) => {
  const path = join(t.testdir(), 'records.jsonl');
  {
    using file = new RecordFile(path, RUN, schema);
    t.throws(() => new RecordFile(path, RUN, schema), { name: 'InputError', message: /is writing there/ });
    file.append([{ value: 3 }]);
  }
  using again = new RecordFile(path, RUN, schema);
  t.same(again.earlier, [{ value: 3 }]);
});

t.test('a log that does not hold the steps that were taken is told before the next one', async (t) => {
  const path = join(t.testdir(), 'steps.jsonl');
  const lines = '{"step":1}\n{"step":2}\n{"step":3}\n';
  const cases: [string, number, RegExp | object[]][] = [
    [lines, 2, [{ step: 1 }, { step: 2 }]],
    [`${lines}{"st`, 3, [{ step: 1 }, { step: 2 }, { step: 3 }]],
    [lines, 4, /^steps.jsonl: has 3 lines, but 4 steps were taken/],
    [`${lines}{"st`, 4, /has 3 lines/],
    ['not json\n'.repeat(3), 3, /^steps.jsonl: line 1: is not JSON/],
    ['{"step":1}\n\0\0\0\0\n', 2, /line 2: is not JSON/],
    ['1\n2\n', 2, /line 1 is no record of a step/],
  ];
  for (const [text, done, expected] of cases) {
    writeFileSync(path, text);
    if (expected instanceof RegExp) {
      t.throws(() => new LineLog(path, done), { name: 'InputError', message: expected }, text);
      t.equal(readFileSync(path, 'utf8'), text, 'and left as it is');
      continue;
    }
    const log = new LineLog<object>(path, done);
    log.append({ step: 9 });
    log.sync();
    t.same(log.read(), [...expected, { step: 9 }]);
    log.close();
    t.equal(readFileSync(path, 'utf8'), log.read().map((line) => `${JSON.stringify(line)}\n`).join('')); // prettier-ignore
  }
});
