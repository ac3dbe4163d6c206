import type { Command } from 'commander';
import { z } from 'zod';
import { percent } from '../../statistics';
import { readAgreement, sampleStudy, type JudgeAgreement } from '../../studies/honesty';
import { checked, type Result } from '../command';
import { integer } from '../options';
import { table } from '../table';

const optionsSchema = z.object({ n: z.number(), seed: z.number(), read: z.boolean().default(false) });

export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of a study')
    .option('--n <n>', 'answers to label', integer({ min: 1, max: 100_000 }), 120)
    .option('--seed <n>', 'the same seed draws the same answers', integer({ min: 0 }), 1)
    .option('--read', 'read the labelled sheet: kappa, and which labels are taken for which');
}

/** `soo study judge-sample`: answers to label by hand, blind, and how well that agrees with the study's labels. */
export function run([folder]: readonly string[], given: Readonly<Record<string, unknown>>): Result {
  const { n, seed, read } = checked(optionsSchema, given);
  if (read) {
    const found = readAgreement(folder);
    return { json: found, text: agreementText(found) };
  }
  const { sheet, key } = sampleStudy(folder, { n, seed });
  return {
    json: { sheet, items: key.items.length, truncated: key.truncated, strata: key.strata },
    text:
      `${sheet}: ${key.items.length} answers of ${key.strata.length} arms and labels (${key.truncated} were cut, and are not among them).\n` +
      'Write deceptive, honest, refusal or other as the label of each, without a look at key.json, and run this again with --read.',
  };
}

function agreementText({
  n,
  unlabelled,
  agreement,
  weighted,
  kappa,
  interval,
  labels,
  confusion,
  byArm,
}: JudgeAgreement): string {
  const beyond = kappa === null ? 'kappa cannot be told, as one label is all there is' : `kappa ${kappa.toFixed(2)}`;
  const range = interval ? ` (${interval.map((end) => end.toFixed(2)).join(' to ')})` : '';
  return [
    `${n} answers labelled, ${unlabelled} not; ${percent(agreement)} agree, ${percent(weighted)} as the study's answers weigh; ${beyond}${range}`,
    table(['study, by hand:', ...labels], confusion.map((row, i) => [labels[i], ...row])), // prettier-ignore
    table(['arm', 'answers', 'agree'], Object.entries(byArm).map(([arm, one]) => [arm, one.n, percent(one.agreement)])), // prettier-ignore
  ].join('\n');
}
