/** The roleplaying set of Apollo Research's deception-detection (data/roleplaying/dataset.yaml): 371 items. */
import { basename } from 'node:path';
import { z } from 'zod';
import { readInput } from '../../files/input-file';
import { checkShape, decodeText } from '../../files/json-file';
import { parseYaml } from '../../files/yaml';
import { PLAIN, textField, type BenchmarkItem } from './benchmark';

const schema = z
  .array(
    z.looseObject({
      scenario: textField,
      question: textField,
      /** Of the character who speaks; it may be empty. */
      answer_prefix: z.string('must be text').nullable().default(null),
      honest_completion: textField,
      deceptive_completion: textField,
    }),
    'must be a list of scenarios',
  )
  .min(1, 'is empty');

/** The scenario is the system turn and the question the user's; the answer begins with the prefix. */
export function readApollo(path: string): BenchmarkItem[] {
  const name = basename(path);
  const items = checkShape(schema, parseYaml(decodeText(readInput(path), name), name), name);
  return items.map((item, i) => ({
    ...PLAIN,
    id: `${i}`,
    kind: 'roleplaying',
    system: item.scenario,
    prompt: item.question,
    prefill: item.answer_prefix?.trim() || null,
    completions: { honest: bare(item.honest_completion), deceptive: bare(item.deceptive_completion) },
  }));
}

/** Some completions are written with the quotation marks of what is said. */
const bare = (completion: string): string => completion.trim().replace(/^"([^"]*)"$/u, '$1');
