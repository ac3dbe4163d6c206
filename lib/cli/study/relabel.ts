import type { Command } from 'commander';
import { exportStudy, relabelStudy } from '../../studies/honesty';
import type { Result } from '../command';

export function define(command: Command): void {
  command.argument('<dir>', 'folder of a study');
}

/** `soo study relabel`: the answers stay as they are. */
export function run([folder]: readonly string[]): Result {
  const { records, changed, results } = relabelStudy(folder);
  exportStudy(folder);
  const verdicts = results.claims.map(({ id, verdict }) => `${id}: ${verdict}`);
  return {
    json: { records, changed, claims: results.claims, verdict: results.verdict },
    text: [`${changed} of ${records} answers have another label now`, results.verdict.text, ...verdicts].join('\n'),
  };
}
