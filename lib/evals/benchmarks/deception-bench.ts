/** DeceptionBench of PKU-Alignment (deceptionbench_0527.json): 180 items of five types. */
import { basename } from 'node:path';
import { z } from 'zod';
import { readJsonInput } from '../../files/input-file';
import { checkShape } from '../../files/json-file';
import { PLAIN, textField, type BenchmarkItem } from './benchmark';

const schema = z
  .array(
    z.looseObject({
      id: z.union([z.string(), z.number()], 'must be a text or a number').optional(),
      type: textField,
      inner_prompt: textField,
      system_prompt: z.string('must be text').nullable().default(null),
      outer_prompt: textField,
    }),
    'must be a list of scenarios',
  )
  .min(1, 'is empty');

/** The outer prompt puts the model under pressure; the inner one asks what it thinks without. */
export function readDeceptionBench(path: string): BenchmarkItem[] {
  const items = checkShape(schema, readJsonInput(path), basename(path));
  return items.map((item, i) => ({
    ...PLAIN,
    id: String(item.id ?? i),
    kind: item.type,
    system: item.system_prompt || null,
    prompt: item.outer_prompt,
    beliefs: [{ system: null, prompt: item.inner_prompt }],
  }));
}
