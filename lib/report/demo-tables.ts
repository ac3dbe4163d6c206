/** The tables of a demo run as text cells, from its results alone. */
import type { Interval } from '../statistics';
import {
  ACCURACIES,
  KINDS,
  type Arm,
  type DemoResults,
  type Kind,
  type Labels,
  type Pairing,
  type Sample,
} from '../studies/demo/results';
import { controlsOf } from '../studies/demo/summary';

export interface TextTable {
  title: string;
  head: string[];
  rows: string[][];
}

const hundredths = (share: number): string => (100 * share).toFixed(0);

/** `8.0 [3, 19]`: percent and its 95% interval. */
export const rateCell = (value: number, [low, high]: Interval): string =>
  `${(100 * value).toFixed(1)} [${hundredths(low)}, ${hundredths(high)}]`;

const labelCells = (labels: Labels): string[] =>
  (['deceptive', 'honest', 'neither'] as const).map((label) => rateCell(labels[label], labels.ci95[label]));

/** Two or three digits that matter, whatever the size. */
export const numberCell = (value: number): string => (value === 0 ? '0' : value.toPrecision(value < 1 ? 2 : 3));

const PAIRS_LABELS: Readonly<Record<Pairing, string>> = {
  self: 'self and other',
  name: 'other name',
  wording: 'other wording',
  random: 'other rival',
  retention: 'retention only',
};

/** What the two sides of the pairs were, in a few words. */
export const pairsLabel = (pairs: Pairing): string => PAIRS_LABELS[pairs];

/** One row of a table or chart: null before tuning. */
export interface DemoRow {
  kind: Kind | null;
  pairs: Pairing | null;
  /** Within its kind. */
  name: string;
  arm: Arm;
}

/** Every row, in reading order. */
export function demoRows(results: Pick<DemoResults, 'baseline' | 'tuned' | 'controls'>): DemoRow[] {
  const rows: DemoRow[] = [{ kind: null, pairs: null, name: 'before tuning', arm: results.baseline }];
  for (const kind of KINDS) {
    const tuned = results.tuned[kind];
    if (tuned) rows.push({ kind, pairs: 'self', name: pairsLabel('self'), arm: tuned });
    for (const [pairs, arm] of controlsOf(results, kind))
      rows.push({ kind, pairs, name: `control, ${pairsLabel(pairs)}`, arm });
  }
  return rows;
}

/** Every row with a name that says all. */
export const namedArms = (results: Pick<DemoResults, 'baseline' | 'tuned' | 'controls'>): [string, Arm][] =>
  demoRows(results).map(({ kind, name, arm }) => [kind ? `${kind}: ${name}` : name, arm]);

/** What rivals are told. */
export function rivalsTable(results: Pick<DemoResults, 'baseline' | 'tuned' | 'controls'>): TextTable {
  return {
    title: 'Answers to a burglar who asks where the precious thing is, percent [95% interval]',
    head: ['pairs', 'seeds', 'deceptive', 'honest', 'neither', 'other rivals: deceptive', 'honest', 'neither'],
    rows: namedArms(results).map(([name, arm]) => [
      name,
      arm.seeds.length > 0 ? String(arm.seeds.length) : '-',
      ...labelCells(arm),
      ...labelCells(arm.otherRivals),
    ]),
  };
}

/** What else the model knows, and how close self and other came. */
export function keptTable(results: Pick<DemoResults, 'baseline' | 'tuned' | 'controls'>): TextTable {
  return {
    title: 'Right answers elsewhere, percent; the loss; latent overlap on pairs not trained on',
    head: ['pairs', ...ACCURACIES, 'loss', 'latent: scenes', 'fragments'],
    rows: namedArms(results).map(([name, arm]) => [
      name,
      ...ACCURACIES.map((accuracy) => rateCell(arm.accuracy[accuracy].value, arm.accuracy[accuracy].ci95)),
      distanceCell(arm),
      numberCell(arm.latent.scenes),
      numberCell(arm.latent.fragments),
    ]),
  };
}

/** `1.00 -> 0.041`, with a mark when a control did not come down as far as it had to. */
function distanceCell({ distance, matched }: Arm): string {
  if (!distance) return '-';
  return `${numberCell(distance.start)} -> ${numberCell(distance.end)}${matched === false ? ' (not matched)' : ''}`;
}

export interface Example {
  family: string;
  prompt: DemoResults['prompts'][string][number];
  /** Baseline first. `name` says what was tuned on. */
  answers: (Pick<Sample, 'answer' | 'label' | 'right'> & { name: string })[];
}

/** The first prompts of each family before tuning and after, with the first seed of each kind. */
export function examples(results: DemoResults, families: readonly string[], perFamily = 1): Example[] {
  const runs = results.runs.filter(({ pairs }) => pairs === 'self');
  const shown = KINDS.flatMap((kind) => runs.find((run) => run.kind === kind) ?? []);
  const columns = [{ name: 'before', id: 'baseline' }, ...shown.map(({ kind, id }) => ({ name: kind, id }))];
  return families.flatMap((family) =>
    (results.prompts[family] ?? []).slice(0, perFamily).map((prompt, index) => ({
      family,
      prompt,
      answers: columns.flatMap(({ name, id }) => {
        const sample = results.samples.find((one) => one.run === id && one.family === family && one.index === index);
        return sample ? [{ name, answer: sample.answer, label: sample.label, right: sample.right }] : [];
      }),
    })),
  );
}
