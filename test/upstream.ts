/** The authors' own data files, which are not part of the repository. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Folder of the pickles: SOO_UPSTREAM, or shared/upstream beside the checkout. */
export const UPSTREAM = process.env.SOO_UPSTREAM ?? resolve(__dirname, '..', '..', 'shared', 'upstream');

/** For tap's `skip`: false where the files are. */
export const noUpstream = existsSync(join(UPSTREAM, 'false_recommendation_scenarios.pkl'))
  ? false
  : `no data files of upstream in ${UPSTREAM}; SOO_UPSTREAM names their folder`;
