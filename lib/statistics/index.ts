/**
 * Statistics of evaluations. Missing is never an outcome: every function takes what was measured, and says how much it was.
 *
 * - Intervals: `wilson` over prompts, `overSeeds` (Student's t), `rateInterval`, `ruleOfThree` where nothing was seen.
 * - Before and after on the same items: `mcnemar`, `pairedBootstrap` (clustered by family and seed), `noninferiority`.
 * - `clusteredMean`, `holm` for several tests, `agreement` of two labellers (Cohen's kappa).
 * - What a study can see: `detectable` over units, `detectableDrop` of a rate.
 */
export { pairedBootstrap, type Bootstrapped, type BootstrapOptions, type Difference } from './bootstrap';
export { clusteredMean, noninferiority, NONINFERIORITY, type ClusteredMean, type Noninferiority } from './clustered';
export { normalQuantile, normalTail, studentQuantile, studentTail } from './distributions';
export { holm } from './holm';
export { deviation, LEVEL, mean, overSeeds, rateInterval, ruleOfThree, wilson, type Interval } from './intervals';
export { agreement, type Agreement } from './kappa';
export { mcnemar, measuredTwice, type McNemar, type Paired } from './mcnemar';
export { detectable, detectableDrop, dropThatShows, POWER, powerOver, type Measured, type PowerOptions } from './power';
export { percent, percentPoints } from './shares';
