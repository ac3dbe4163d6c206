import type { Command } from 'commander';
import { z } from 'zod';
import { writeTextAside } from '../files/write-aside';
import { readData } from '../evals/upstream-data';
import { checked, InputError, type Result } from './command';

export const worksWithoutAddon = true;

const optionsSchema = z.object({ out: z.string().min(1, 'must name a file') });

export function define(command: Command): void {
  command
    .argument('<file>', "a data file of the paper's code: scenarios, variations, pairs or combinations")
    .requiredOption('--out <file>', 'JSON file to write');
}

/** `soo import`: a pickle of upstream's as JSON, read without executing anything. */
export function run([file]: readonly string[], options: Readonly<Record<string, unknown>>): Result {
  const { out } = checked(optionsSchema, options);
  const { kind, records, json } = readData(file);
  try {
    writeTextAside(out, `${JSON.stringify(json, null, 1)}\n`);
  } catch (thrown) {
    throw new InputError(`--out ${out}: cannot write this file: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
  return { json: { records, kind, out }, text: `${out}: ${records} records, ${kind}` };
}
