/** The authors' own data files, which are not part of the repository. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readPairs, readScenarioSets } from '../lib/evals/upstream-data';

/** Folder of the pickles: SOO_UPSTREAM, or shared/upstream beside the checkout. */
export const UPSTREAM = process.env.SOO_UPSTREAM ?? resolve(__dirname, '..', '..', 'shared', 'upstream');

/** For tap's `skip`: false where the files are. */
export const noUpstream = existsSync(join(UPSTREAM, 'false_recommendation_scenarios.pkl'))
  ? false
  : `no data files of upstream in ${UPSTREAM}; SOO_UPSTREAM names their folder`;

/** Every prompt in them, in the order of test/parity/make_upstream_ids.py. */
export function upstreamPrompts(): string[] {
  const path = (name: string): string => join(UPSTREAM, `${name}.pkl`);
  const files = ['false_recommendation_scenarios', 'scenario_variations'].map((name) => readScenarioSets(path(name)));
  const scenarios = files.flatMap((sets) => [...sets.values()].flat().map(({ prompt }) => prompt));
  const pairs = ['training_pairs', 'mse_pairs'].flatMap((name) => readPairs(path(name)));
  return [...scenarios, ...pairs.flatMap(({ self, other }) => [self, other])];
}
