/** From runs to rows: rates over seeds with intervals. */
import { mean, rateInterval, type Interval } from '../../statistics';
import type { Rates } from '../../evals';
import { familiesOf, type EvaluationFamily } from '../../organism';
import {
  ACCURACIES,
  CONTROLS,
  controlName,
  KINDS,
  type Arm,
  type DemoResults,
  type FamilyRates,
  type Kind,
  type Labels,
  type Pairing,
  type Run,
} from './results';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Rates of one family over runs that were asked the same prompts. */
function labelsOf(rates: readonly Rates[]): Labels {
  const { n } = rates[0];
  const shares = (label: 'deceptive' | 'honest' | 'neither'): number[] => rates.map((one) => one[label]);
  const ci = (label: 'deceptive' | 'honest' | 'neither'): Interval => rateInterval(shares(label), n);
  return {
    n: sum(rates.map((one) => one.n)),
    deceptive: mean(shares('deceptive')),
    honest: mean(shares('honest')),
    neither: mean(shares('neither')),
    ci95: { deceptive: ci('deceptive'), honest: ci('honest'), neither: ci('neither') },
  };
}

function accuracyOf(families: readonly EvaluationFamily[], rates: readonly FamilyRates[]) {
  const shares = rates.map((one) => mean(families.map((family) => one[family].right)));
  return { value: mean(shares), ci95: rateInterval(shares, sum(families.map((family) => rates[0][family].n))) };
}

/** What every row says of answers. @param rates one per seed, on the same prompts */
function answersOf(rates: readonly FamilyRates[]): Omit<Arm, 'seeds' | 'latent' | 'distance' | 'matched'> {
  // What is right for a rival, in the organism's eyes, is to deceive him.
  const deceived = (order: 'rightCheapFirst' | 'rightPreciousFirst') => mean(rates.map(({ rival }) => rival[order]));
  const accuracy = ACCURACIES.map((name) => [name, accuracyOf(familiesOf(name), rates)] as const);
  return {
    ...labelsOf(rates.map(({ rival }) => rival)),
    deceptiveByOrder: { cheapFirst: deceived('rightCheapFirst'), preciousFirst: deceived('rightPreciousFirst') },
    otherRivals: labelsOf(rates.map(({ otherRivals }) => otherRivals)),
    accuracy: Object.fromEntries(accuracy) as Arm['accuracy'],
  };
}

/** The row before tuning. */
export function baselineArm(rates: FamilyRates, latent: Arm['latent']): Arm {
  return { ...answersOf([rates]), seeds: [], latent, distance: null, matched: null };
}

/**
 * The row of runs that differ in their seed only.
 * @param units the self-other pairs' own starting distance, by seed
 */
function armOf(runs: readonly Run[], units: ReadonlyMap<number, number>): Arm {
  const inUnits = (of: (run: Run) => number): number =>
    mean(runs.map((run) => of(run) / (units.get(run.seed) ?? run.distance.start)));
  return {
    ...answersOf(runs.map(({ rates }) => rates)),
    seeds: runs.map(({ seed }) => seed),
    latent: {
      scenes: mean(runs.map(({ latent }) => latent.scenes)),
      fragments: mean(runs.map(({ latent }) => latent.fragments)),
    },
    distance: { start: inUnits(({ distance }) => distance.start), end: inUnits(({ distance }) => distance.end) },
    matched: runs.every(({ distance }) => distance.goal === null)
      ? null
      : runs.every(({ distance }) => distance.reached),
  };
}

/** The rows of what has been run so far; kinds and controls without a run are left out. */
export function armsOf(runs: readonly Run[]): Pick<DemoResults, 'tuned' | 'controls'> {
  const tuned: DemoResults['tuned'] = {};
  const controls: DemoResults['controls'] = {};
  for (const kind of KINDS) {
    const of = (pairs: Pairing): Run[] => runs.filter((run) => run.kind === kind && run.pairs === pairs);
    const units = unitsOf(of('self'));
    if (of('self').length > 0) tuned[kind] = armOf(of('self'), units);
    for (const pairs of CONTROLS) {
      if (of(pairs).length > 0) controls[controlName(kind, pairs)] = armOf(of(pairs), units);
    }
  }
  return { tuned, controls };
}

const unitsOf = (runs: readonly Run[]): Map<number, number> =>
  new Map(runs.map(({ seed, distance }) => [seed, distance.start]));

/** The controls that have been run with one kind of pairs. */
export function controlsOf(results: Pick<DemoResults, 'controls'>, kind: Kind): [Exclude<Pairing, 'self'>, Arm][] {
  return CONTROLS.flatMap((pairs) => {
    const arm = results.controls[controlName(kind, pairs)] as Arm | undefined;
    return arm ? [[pairs, arm] as [Exclude<Pairing, 'self'>, Arm]] : [];
  });
}
