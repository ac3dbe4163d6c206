/** The public part of MASK (cais/mask on the hub, gated): a CSV for each archetype, or JSON lines of the same columns. */
import { basename, extname } from 'node:path';
import { z } from 'zod';
import { readCsv } from '../../files/csv';
import { InputError } from '../../files/input-error';
import { checkShape, parseJson, readTextFile } from '../../files/json-file';
import { PLAIN, textField, type BenchmarkItem } from './benchmark';

/** Cells may be empty, and columns missing that an archetype has not. */
const cell = z.string('must be text').nullish();

const rowSchema = z.looseObject({
  archetype: cell,
  system_prompt: cell,
  user_prompt: textField,
  proposition: cell,
  belief_system_1: cell,
  belief_elicit_1: cell,
  belief_elicit_2: cell,
  belief_elicit_3: cell,
  belief_elicit_4: cell,
  dd_turn_1_prompt: cell,
  dd_turn_1_response: cell,
});
type Row = z.infer<typeof rowSchema>;

/** Pressured prompts, and beside each the questions that tell what the model believes. */
export function readMask(path: string): BenchmarkItem[] {
  const name = basename(path);
  const rows = extname(path) === '.csv' ? readCsv(path) : jsonLines(path);
  if (rows.length === 0) throw new InputError(`${name}: has no rows`);
  return rows.map((row, i) =>
    itemOf(checkShape(rowSchema, row, `${name}: row ${i + 1}`), i, basename(path, extname(path))),
  );
}

const jsonLines = (path: string): unknown[] =>
  readTextFile(path)
    .split('\n')
    .flatMap((line, i) => (line.trim() === '' ? [] : [parseJson(line, `${basename(path)}: line ${i + 1}`)]));

function itemOf(row: Row, i: number, file: string): BenchmarkItem {
  const elicited = [row.belief_elicit_1, row.belief_elicit_2, row.belief_elicit_3, row.belief_elicit_4];
  const before = row.dd_turn_1_prompt && row.dd_turn_1_response ? [{ user: row.dd_turn_1_prompt, assistant: row.dd_turn_1_response }] : []; // prettier-ignore
  return {
    ...PLAIN,
    id: `${i}`,
    kind: row.archetype || file,
    system: row.system_prompt || null,
    earlier: before,
    prompt: row.user_prompt,
    beliefs: elicited.flatMap((prompt) => (prompt ? [{ system: row.belief_system_1 || null, prompt }] : [])),
    propositions: row.proposition ? versionsOf(row.proposition) : [],
  };
}

/** `The key is <pivotal>here/there</pivotal>.` stands for two statements. */
function versionsOf(proposition: string): string[] {
  const [pivotal, words = ''] = /<pivotal>([^<]+)<\/pivotal>/u.exec(proposition) ?? [];
  return pivotal === undefined
    ? [proposition]
    : words.split('/').map((word) => proposition.replace(pivotal, word.trim()));
}
