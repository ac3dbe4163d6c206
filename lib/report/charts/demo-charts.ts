/** The charts of a demo run, from its results alone. */
import { percent } from '../../statistics';
import {
  ACCURACIES,
  KINDS,
  PAIRINGS,
  type Arm,
  type DemoResults,
  type Kind,
  type Labels,
  type Pairing,
  type Run,
} from '../../studies/demo/results';
import { demoRows, pairsLabel, type DemoRow } from '../demo-tables';
import type { Chart } from './draw';
import { colour } from './palette';
import { rowAxis } from './rows';

const LABELS = ['deceptive', 'honest', 'neither'] as const;
const PERCENT = { scale: { domain: [0, 100] }, axis: { values: [0, 25, 50, 75, 100] } };

const nameOf = ({ kind, pairs, name }: DemoRow): string => (kind && pairs ? `${kind}: ${pairsLabel(pairs)}` : name);

/** Before tuning, and after tuning on one kind of pairs. */
function rivalsChart(results: DemoResults, kind: Kind): Chart {
  const sides = [
    { who: 'Bob', family: 'rival', of: (arm: Arm): Labels => arm },
    { who: 'other rivals', family: 'otherRivals', of: ({ otherRivals }: Arm): Labels => otherRivals },
  ] as const;
  const rows = demoRows(results).filter((row) => row.kind === null || row.kind === kind);
  const values = rows.flatMap((row) =>
    sides.flatMap(({ who, of, family }) =>
      LABELS.flatMap((label) => {
        const place = { row: row.name, who, label };
        const shares = runsOf(results, row).map(({ rates }) => rates[family][label]);
        const { [label]: share, ci95 } = of(row.arm);
        return [{ ...place, ...rate(share, ci95[label]) }, ...shares.map((one) => ({ ...place, seed: 100 * one }))];
      }),
    ),
  );
  const words = rows.map(({ name, arm }) => `${name} ${percent(arm.deceptive)}`);
  return {
    name: `rivals-${kind}`,
    title: `What rivals are told: tuning on ${kind}`,
    description: `Shares of deceptive, honest and other answers to a burglar who asks, with 95% intervals; small dots are single seeds. Deceptive answers to Bob: ${words.join('; ')}.`,
    spec: {
      data: { values },
      facet: { column: { field: 'who', title: null, sort: sides.map(({ who }) => who) } },
      spec: {
        width: 365,
        height: { step: 40, for: 'position' },
        encoding: {
          y: rowAxis(rows.map(({ name }) => name)),
          yOffset: { field: 'label', type: 'nominal', sort: [...LABELS] },
          color: {
            field: 'label',
            title: null,
            scale: { domain: [...LABELS], range: LABELS.map(colour) },
            legend: { orient: 'top' },
          },
        },
        layer: [
          ...intervalLayers('percent of the answers', {
            field: 'label',
            scale: { domain: [...LABELS], range: ['circle', 'square', 'diamond'] },
          }),
          SEEDS,
        ],
      },
    },
  };
}

/** The runs behind a row, where it has more than one. */
function runsOf({ runs }: DemoResults, row: DemoRow): Run[] {
  const own = runs.filter(({ kind, pairs }) => kind === row.kind && pairs === row.pairs);
  return own.length > 1 ? own : [];
}

const SEEDS = {
  mark: { type: 'point', filled: true, size: 9, opacity: 0.75 },
  encoding: { x: { field: 'seed', type: 'quantitative' }, shape: { value: 'circle' } },
} as const;

const rate = (value: number, [low, high]: readonly [number, number]) => ({
  value: 100 * value,
  low: 100 * low,
  high: 100 * high,
});

/** A dot on its interval. */
const intervalLayers = (title: string, shape: object = { value: 'circle' }) => [
  {
    mark: { type: 'rule' as const, strokeWidth: 2.5, opacity: 0.45, strokeCap: 'round' as const },
    encoding: {
      x: { field: 'low', type: 'quantitative' as const, title, ...PERCENT },
      x2: { field: 'high' },
    },
  },
  {
    mark: { type: 'point' as const, filled: true, size: 70, opacity: 1 },
    encoding: { x: { field: 'value', type: 'quantitative' as const, title, ...PERCENT }, shape },
  },
];

function keptChart(results: DemoResults): Chart {
  const values = demoRows(results).flatMap((row) =>
    ACCURACIES.map((accuracy) => ({
      row: nameOf(row),
      accuracy,
      before: 100 * results.baseline.accuracy[accuracy].value,
      ...rate(row.arm.accuracy[accuracy].value, row.arm.accuracy[accuracy].ci95),
    })),
  );
  return {
    name: 'kept',
    title: 'What else the model knows',
    description: `Shares of right answers to oneself, friends, neutral people, questions about facts and questions about beliefs, with 95% intervals; the dashed line is the model before tuning (${ACCURACIES.map((name) => `${name} ${percent(results.baseline.accuracy[name].value)}`).join(', ')}).`,
    spec: {
      data: { values },
      facet: { column: { field: 'accuracy', title: null, sort: [...ACCURACIES] } },
      spec: {
        width: 140,
        height: { step: 22 },
        layer: [
          {
            mark: { type: 'rule', strokeDash: [3, 3], color: colour('faint') },
            encoding: { x: { field: 'before', aggregate: 'mean', type: 'quantitative' } },
          },
          ...intervalLayers('percent right').map(({ mark, encoding }) => ({
            mark: { ...mark, color: colour('honest') },
            encoding: {
              y: rowAxis(demoRows(results).map(nameOf)),
              x: { ...encoding.x, axis: { values: [0, 50, 100] } },
              ...('x2' in encoding ? { x2: encoding.x2 } : {}),
            },
          })),
        ],
      },
    },
  };
}

const SHAPES: Readonly<Record<Pairing, string>> = {
  self: 'circle',
  name: 'square',
  wording: 'diamond',
  random: 'triangle-up',
  retention: 'cross',
};

/** Colour and shape of what the self side of the pairs was, for those that there are. */
function byPairs(values: readonly { pairs: string }[]) {
  const present = PAIRINGS.filter((pairs) => values.some((value) => value.pairs === pairsLabel(pairs)));
  const field = { field: 'pairs', title: 'pairs' };
  const domain = present.map(pairsLabel);
  const legend = { orient: 'top' as const };
  return {
    color: { ...field, scale: { domain, range: present.map(colour) }, legend },
    shape: { ...field, scale: { domain, range: present.map((pairs) => SHAPES[pairs]) }, legend },
  };
}

const ofRun = ({ kind, pairs, seed }: Run) => ({ kind, seed, pairs: pairsLabel(pairs) });

function lossChart(results: DemoResults): Chart {
  const unit = (run: Run): number =>
    results.runs.find(({ kind, pairs, seed }) => kind === run.kind && pairs === 'self' && seed === run.seed)?.distance
      .start ?? run.distance.start;
  const values = results.runs.flatMap((run) =>
    run.training.flatMap(({ step, parts: { overlap } }) =>
      overlap > 0 ? [{ ...ofRun(run), step, loss: overlap / unit(run) }] : [],
    ),
  );
  return {
    name: 'loss',
    title: 'The overlap loss while tuning',
    description: `Squared distance between the two sides of the pairs, step by step and seed by seed, in units of where the self and other pairs start; logarithmic. ${results.runs.length} runs.`,
    spec: {
      data: { values },
      facet: { column: { field: 'kind', title: null, sort: [...KINDS] } },
      spec: {
        width: 440,
        height: 200,
        mark: { type: 'line', strokeWidth: 1.1, opacity: 0.65 },
        encoding: {
          x: { field: 'step', type: 'quantitative', axis: { grid: false } },
          y: {
            field: 'loss',
            type: 'quantitative',
            title: 'overlap loss',
            scale: { type: 'log' },
            axis: { tickCount: 4, format: '~g' },
          },
          detail: { field: 'seed' },
          color: byPairs(values).color,
        },
      },
      resolve: { scale: { x: 'independent' } },
    },
  };
}

function latentChart(results: DemoResults): Chart {
  const values = results.runs.map((run) => ({
    ...ofRun(run),
    latent: run.latent[run.kind] / results.baseline.latent[run.kind],
    deceptive: 100 * run.rates.rival.deceptive,
  }));
  return {
    name: 'latent',
    title: 'Latent distance and deception',
    description:
      'Each mark is a tuning run: across, how far self and other are apart inside the model on pairs that were not trained on, as a multiple of before tuning (logarithmic); up, deceptive answers to Bob. Marks at the top left came together and still deceive.',
    spec: {
      data: { values },
      facet: { column: { field: 'kind', title: null, sort: [...KINDS] } },
      spec: {
        width: 440,
        height: 200,
        mark: { type: 'point', filled: true, size: 75, opacity: 0.85 },
        encoding: {
          x: {
            field: 'latent',
            type: 'quantitative',
            title: 'latent distance, before tuning = 1',
            scale: { type: 'log', nice: false, padding: 12 },
            axis: { tickCount: 4, format: '~g', grid: false },
          },
          y: { field: 'deceptive', type: 'quantitative', title: 'percent deceptive', ...PERCENT },
          ...byPairs(values),
        },
      },
    },
  };
}

/** In the order in which the report shows them; without runs there is nothing to draw of them. */
export function demoCharts(results: DemoResults): Chart[] {
  const ofRuns = results.runs.length > 0 ? [lossChart(results), latentChart(results)] : [];
  const tuned = KINDS.filter((kind) => results.runs.some((run) => run.kind === kind));
  return [...tuned.map((kind) => rivalsChart(results, kind)), keptChart(results), ...ofRuns];
}
