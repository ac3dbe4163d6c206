/** Whether self-other overlap makes the organism more honest: tuned, measured and judged beside controls. */
export { OPENINGS, verdictOf } from './claims';
export { THRESHOLDS } from './findings';
export { demoSettings, type DemoSettings, type TuningSettings } from './plan';
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
  type DemoResults,
  type FamilyRates,
  type Kind,
  type Labels,
  type Pairing,
  type Run,
  type Sample,
  type Verdict,
} from './results';
export { runDemo, type DemoJob } from './run';
export { armsOf, baselineArm, controlsOf } from './summary';
