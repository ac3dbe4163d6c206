/** Result files with their origin, and the tables and words that are made from them. */
export { hashFile, hashFolder, hashJson, originOf, originSchema, type Origin } from '../training/origin';
export {
  ACCURACIES,
  CONTROLS,
  controlName,
  demoResultsSchema,
  FORMAT,
  KINDS,
  OUTCOMES,
  PAIRINGS,
  readDemoResults,
  writeDemoResults,
  type Accuracy,
  type Arm,
  type Claim,
  type DemoResults,
  type FamilyRates,
  type Kind,
  type Labels,
  type Pairing,
  type Run,
  type Sample,
  type Verdict,
} from '../studies/honesty/results';
export { writeDemoReport } from './demo-report';
export type { ReportFiles } from './written-files';
export { writeRlReport } from './rl-report';
export { readRlResults, rlResultsSchema, writeRlResults, type RlResults } from '../studies/agents/results';
export { armsTable, crossPlayTables, differencesTable } from './rl-tables';
export { armsOf, baselineArm, controlsOf } from '../studies/honesty/summary';
export {
  examples,
  keptTable,
  namedArms,
  numberCell,
  rateCell,
  rivalsTable,
  type Example,
  type TextTable,
} from './demo-tables';
export { THRESHOLDS } from '../studies/honesty/findings';
export { OPENINGS, verdictOf } from '../studies/honesty/claims';
export { EventFile, jsonText, stepLog, type EventFileOptions } from '../training/tensorboard';
