import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { hostname } from 'node:os';
import t from 'tap';
import { EventFile, jsonText, stepLog } from '../../lib/training';
import { crc32c, maskedCrc32c } from '../../lib/training/tensorboard/crc32c';
import {
  encodeEvent,
  resumedEvent,
  scalarsEvent,
  textEvent,
  type Event,
} from '../../lib/training/tensorboard/event-schema';
import { frameRecord } from '../../lib/training/tensorboard/record';
import { expected } from '../parity/expected';

interface Made {
  seconds: number;
  /** Python's `repr` of the numbers: JSON has no NaN. */
  scalars: [tag: string, value: string][];
  markdown: string;
  events: Record<string, string>;
  records: Record<string, string>;
  crcs: { bytes: string; crc: number; masked: number }[];
}

const made = expected<Made>('tensorboard');
const SPECIAL: Record<string, number> = { nan: NaN, inf: Infinity, '-inf': -Infinity };
const scalars = made.scalars.map(([tag, value]): [string, number] => [tag, SPECIAL[value] ?? Number(value)]);

const EVENTS: Record<string, Event> = {
  version: { fileVersion: 'brain.Event:2' },
  scalars: scalarsEvent(7, scalars),
  'large step': scalarsEvent(2 ** 40 + 1, [['train/loss', 1.5]]),
  'step 0': scalarsEvent(0, [['train/loss', 1.5]]),
  text: textEvent(3, 'config', made.markdown),
  resumed: resumedEvent(12),
};

const clock = { now: () => made.seconds * 1000 };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

t.test("CRC-32C is TensorBoard's, masked or not", async (t) => {
  for (const { bytes, crc, masked } of made.crcs) {
    t.equal(crc32c(Buffer.from(bytes, 'hex')), crc, `of ${bytes.length / 2} bytes`);
    t.equal(maskedCrc32c(Buffer.from(bytes, 'hex')), masked);
  }
  // RFC 3720, appendix B.4: 32 bytes of zeros.
  t.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
});

t.test("events and records are TensorBoard's, byte for byte", async (t) => {
  t.same(Object.keys(EVENTS), Object.keys(made.events));
  for (const [name, event] of Object.entries(EVENTS)) {
    const bytes = encodeEvent(event, made.seconds);
    t.equal(hex(bytes), made.events[name], name);
    t.equal(hex(frameRecord(bytes)), made.records[name], `${name}, framed`);
  }
});

t.test('a file is the version and then what was logged', async (t) => {
  const folder = join(t.testdir(), 'runs', 'a');
  const events = new EventFile(folder, { ...clock, resumedAt: 12 });
  const { records } = made;
  const holds = (...names: string[]): void => {
    t.equal(readFileSync(events.path).toString('hex'), names.map((name) => records[name]).join(''), names.join(', '));
  };
  holds('version', 'resumed');
  events.scalars(7, Object.fromEntries(scalars));
  holds('version', 'resumed', 'scalars');
  events.text('config', made.markdown, 3);
  events.flush();
  holds('version', 'resumed', 'scalars', 'text');
  events.close();
  events.close();
  t.throws(() => events.scalars(8, { a: 1 }), /tfevents.*closed/);
  t.equal(basename(events.path), `events.out.tfevents.1764000000.${hostname()}`);
});

t.test('an earlier file is left alone, though it was made in the same second and ends in half a record', async (t) => {
  const folder = t.testdir();
  const first = new EventFile(folder, clock);
  first.close();
  const torn = Buffer.from(made.records.version + made.records.scalars.slice(0, 50), 'hex');
  writeFileSync(first.path, torn);
  const second = new EventFile(folder, clock);
  second.close();
  t.equal(readdirSync(folder).length, 2);
  t.same(readFileSync(first.path), torn);
  t.equal(hex(readFileSync(second.path)), made.records.version);
});

t.test('what could not be written whole is taken back', async (t) => {
  const events = new EventFile(t.testdir(), clock);
  // The disk is full after half of the record, and cleared before the next one.
  const fs = require('node:fs') as { writeSync: (...args: unknown[]) => number };
  const { writeSync } = fs;
  let calls = 0;
  fs.writeSync = (file, bytes, ...rest): number => {
    if (++calls === 1) return writeSync(file, bytes, 0, 20);
    if (calls === 2) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    return writeSync(file, bytes, ...rest);
  };
  t.teardown(() => (fs.writeSync = writeSync));
  t.throws(() => events.scalars(7, Object.fromEntries(scalars)), /ENOSPC/);
  events.scalars(0, { 'train/loss': 1.5 });
  events.close();
  t.equal(hex(readFileSync(events.path)), made.records.version + made.records['step 0']);
});

t.test('steps of a run go under train/, and a configuration becomes a block of code', async (t) => {
  const events = new EventFile(t.testdir(), clock);
  stepLog(events)({
    step: 1,
    microBatch: 2,
    loss: 0.5,
    parts: { overlap: 0.25 },
    gradNorms: { weight: 3 },
    lr: 1e-3,
    tokens: 0,
    ms: 8,
  });
  events.close();
  const tags = [
    ['train/loss', 0.5],
    ['train/gradNorm', 3],
    ['train/lr', 1e-3],
    ['train/milliseconds', 8],
    ['train/overlap', 0.25],
  ] as const;
  const wanted = frameRecord(encodeEvent(scalarsEvent(2, tags), made.seconds));
  t.equal(hex(readFileSync(events.path)), made.records.version + hex(wanted));
  t.equal(jsonText({ a: ['\n'] }), '    {\n      "a": [\n        "\\n"\n      ]\n    }');
});
