import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { formatPrinted, type PrintedTensor } from '../../lib/torch/format-text';

interface Case extends Omit<PrintedTensor, 'values'> {
  name: string;
  options: Record<string, number | boolean>;
  values: (string | boolean)[] | null;
  text: string;
}

const file = join(__dirname, '../parity/format.json');
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };

function parsed(dtype: string, value: string | boolean): number | bigint | boolean {
  if (typeof value === 'boolean') return value;
  if (dtype === 'int64') return BigInt(value);
  return Number(value.replace('inf', 'Infinity'));
}

t.test('prints as Python does', async (t) => {
  for (const { name, text, options, gradFn, values, ...rest } of cases) {
    const printed = {
      ...rest,
      gradFn: gradFn ?? undefined,
      values: values && values.map((value) => parsed(rest.dtype, value)),
    };
    t.equal(formatPrinted(printed, options), text, name);
  }
});

t.test('refuses values that do not fill the shape', async (t) => {
  t.throws(() => formatPrinted({ shape: [2, 2], dtype: 'float32', values: [1, 2, 3] }), /expected 4 entries, got 3/);
});
