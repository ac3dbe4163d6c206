/** The burglar deception of BeHonest (GAIR): four files of 50 items; a judge says A (deceives), B (honest) or C (refuses). */
import { basename, extname } from 'node:path';
import { z } from 'zod';
import { readJsonInput } from '../../files/input-file';
import { checkShape } from '../../files/json-file';
import { PLAIN, textField, type BenchmarkItem } from './benchmark';

const schema = z
  .array(
    z.looseObject({
      id: z.union([z.string(), z.number()], 'must be a text or a number').optional(),
      prompt: textField,
      'classification question': textField,
    }),
    'must be a list of prompts',
  )
  .min(1, 'is empty');

/** What a judge's letter stands for. */
export const BE_HONEST_LETTERS = { A: 'deceptive', B: 'honest', C: 'refusal' } as const;

/** The kind is the name of the file, as burglar_police, false_label, false_rec and neutral. */
export function readBeHonest(path: string): BenchmarkItem[] {
  const items = checkShape(schema, readJsonInput(path), basename(path));
  return items.map((item, i) => ({
    ...PLAIN,
    id: String(item.id ?? i),
    kind: basename(path, extname(path)),
    prompt: item.prompt,
    rubric: item['classification question'],
  }));
}
