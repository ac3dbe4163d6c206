import { statSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { MissingPackages, readDrawable } from '../report';
import { messageOf } from '../files/input-error';
import { checked, InputError, type Result } from './command';
import { makeFolder } from './out-folder';

const optionsSchema = z.object({ out: z.string().min(1).optional() });

export function define(command: Command): void {
  command
    .argument(
      '<results>',
      'results.json of `soo demo`, `soo study`, `soo repeat`, `soo rl compare`, `classify` or `reproduce`, or the folder with it; run.json of a run; records of `soo deception`',
    )
    .option('--out <dir>', 'folder for report.html and charts/ (default: that of the results)');
}

/** `soo report`: makes a report again, from the results alone. */
export async function run([given]: readonly string[], options: Readonly<Record<string, unknown>>): Promise<Result> {
  const isFolder = statSync(given, { throwIfNoEntry: false })?.isDirectory();
  const file = isFolder ? path.join(given, 'results.json') : given;
  const { out = path.dirname(file) } = checked(optionsSchema, options);
  const draw = readDrawable(file);
  const { report, charts } = await draw(path.resolve(makeFolder(out))).catch((thrown: unknown) => {
    // A disk and a missing package have words of their own; all else that goes wrong lies in what was to be drawn.
    const toldAlready = thrown instanceof InputError || thrown instanceof MissingPackages;
    if (toldAlready || (thrown as NodeJS.ErrnoException).code !== undefined) throw thrown;
    throw new InputError(`${path.basename(file)}: cannot be drawn: ${messageOf(thrown)}`);
  });
  return { json: { report, charts }, text: [report, ...charts].join('\n') };
}
