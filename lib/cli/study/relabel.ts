import type { Command } from 'commander';
import { exportStudy, relabelStudy } from '../../studies/honesty';
import type { Result } from '../command';
import { drawStudy } from './report';

export function define(command: Command): void {
  command.argument('<dir>', 'folder of a study');
}

/** `soo study relabel`: the answers stay as they are. */
export async function run([folder]: readonly string[]): Promise<Result> {
  const { records, changed, results } = relabelStudy(folder);
  exportStudy(folder);
  await drawStudy(results, folder);
  const verdicts = results.claims.map(({ id, verdict }) => `${id}: ${verdict}`);
  return {
    json: { records, changed, claims: results.claims, verdict: results.verdict },
    text: [`${changed} of ${records} answers have another label now`, results.verdict.text, ...verdicts].join('\n'),
  };
}
