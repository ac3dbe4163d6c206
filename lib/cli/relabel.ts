import type { Command } from 'commander';
import { z } from 'zod';
import { deceptionRates, deceptionRatesBy, relabelFile } from '../evals';
import { messageOf } from '../files/input-error';
import { checked, InputError, type Result } from './command';
import { describeRates } from './deception-text';
import { integer } from './options';

const optionsSchema = z.object({
  records: z.string(),
  out: z.string().min(1).optional(),
  maxNewTokens: z.number().optional(),
});
type Options = z.infer<typeof optionsSchema>;

export function define(command: Command): void {
  command
    .requiredOption('--records <file>', 'what soo deception --out wrote')
    .option('--out <file>', 'where to write the records with their new labels; may be the same file')
    .option('--max-new-tokens <n>', 'budget of records that do not say which answers it cut', integer({ min: 1 }));
}

/** `soo relabel`: the labels of stored answers, made anew by the rules of today. */
export function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Result {
  const options = checked(optionsSchema, given);
  const { records, changed } = relabelled(options);
  const bySet = deceptionRatesBy(records, ({ set }) => set);
  const byOrder = deceptionRatesBy(records, ({ order }) => order);
  const all = deceptionRates(records);
  const told = `${changed} of ${records.length} records have other labels now`;
  return {
    json: { ...all, sets: bySet, byOrder, records: records.length, changed, out: options.out },
    text: `${describeRates(bySet, byOrder, all)}\n${options.out === undefined ? told : `${told}; written to ${options.out}`}`,
  };
}

function relabelled({ records, out, maxNewTokens }: Options): ReturnType<typeof relabelFile> {
  try {
    return relabelFile(records, { out, maxNewTokens });
  } catch (thrown) {
    if (thrown instanceof InputError) throw thrown;
    throw new InputError(`--out ${out}: cannot write this file: ${messageOf(thrown)}`);
  }
}
