/** The charts of a study of language models, from its results alone: the paper's figures, and those that it lacks. */
import { BEHAVIOURS } from '../../evals';
import { deviation, percent, type Interval } from '../../statistics';
import { EFFECT_PARTS, type Answered, type ArmResult, type StudyResults } from '../../studies/honesty';
import { sharesSpec } from './deception-chart';
import type { Chart } from './draw';
import { colour } from './palette';
import { pointsWithIntervals, rowAxis } from './rows';

/** What a chart has nothing to show for is null. */
export function studyCharts(results: StudyResults): Chart[] {
  const charts = [
    deceptiveChart(results),
    behavioursChart(results),
    setsChart(results),
    effectChart(results),
    motivesChart(results),
    checksChart(results),
    latentChart(results),
  ];
  return charts.filter((chart) => chart !== null);
}

type Rates = NonNullable<Answered['rates']>;

const ratesOf = (answered: Answered | null | undefined): Rates | null => answered?.rates ?? null;

const armsOf = ({ arms }: StudyResults): (readonly [string, ArmResult])[] => Object.entries(arms);

const quantitative = (title: string, domain?: Interval) => ({
  type: 'quantitative' as const,
  title,
  ...(domain && { scale: { domain } }),
});

/** The paper's first figure: a bar for each arm, one deviation over seeds to each side, and every seed. */
function deceptiveChart(results: StudyResults): Chart | null {
  const rows = armsOf(results).flatMap(([row, { behaviours }]) => {
    const rated = ratesOf(behaviours)?.deceptive;
    return rated ? [{ row, rated }] : [];
  });
  if (rows.length === 0) return null;
  const values = rows.flatMap(({ row, rated: { share, perSeed } }) => {
    const spread = perSeed.length > 1 ? 100 * deviation(perSeed) : 0;
    const bar = {
      row,
      value: 100 * share,
      low: Math.max(0, 100 * share - spread),
      high: Math.min(100, 100 * share + spread),
    };
    return [bar, ...(perSeed.length > 1 ? perSeed.map((seed) => ({ row, seed: 100 * seed })) : [])];
  });
  const x = quantitative('deceptive answers, percent', [0, 100]);
  return {
    name: 'deceptive',
    title: 'Deceptive answers to rivals, by arm',
    description: `Means over seeds, one standard deviation each way, and single seeds: ${rows.map(({ row, rated }) => `${row} ${percent(rated.share)}`).join('; ')}.`,
    spec: {
      data: { values },
      width: 480,
      height: { step: 26 },
      encoding: { y: rowAxis(rows.map(({ row }) => row)) },
      layer: [
        { mark: { type: 'bar', opacity: 0.65, color: colour('deceptive') }, encoding: { x: { field: 'value', ...x } } },
        {
          mark: { type: 'rule', strokeWidth: 2, color: colour('ink') },
          encoding: { x: { field: 'low', ...x }, x2: { field: 'high' } },
        },
        {
          mark: { type: 'point', filled: true, size: 12, opacity: 0.9, color: colour('ink') },
          encoding: { x: { field: 'seed', ...x } },
        },
      ],
    },
  };
}

function behavioursChart(results: StudyResults): Chart | null {
  const rows = armsOf(results).flatMap(([row, { behaviours }]) => {
    const rates = ratesOf(behaviours);
    if (!rates) return [];
    return [
      [row, BEHAVIOURS.map((label) => ({ label, share: rates[label].share, interval: rates[label].ci95 }))] as const,
    ];
  });
  if (rows.length === 0) return null;
  return {
    name: 'behaviours',
    title: 'What the answers do',
    description:
      'Shares of the answers to rivals by what they do, with 95% intervals. A truncated answer is no outcome: the other four are shares of those that were not cut.',
    spec: sharesSpec(rows),
  };
}

/** The paper's grid of families: a panel for each set in which a rival asks. */
function setsChart(results: StudyResults): Chart | null {
  const arms = armsOf(results);
  const values = arms.flatMap(([row, { sets }]) =>
    Object.entries(sets).flatMap(([set, answered]) => {
      const rated = ratesOf(answered)?.deceptive;
      if (!rated || answered.relation !== 'rival') return [];
      const [low, high] = rated.ci95;
      return [{ row, set, value: 100 * rated.share, low: 100 * low, high: 100 * high }];
    }),
  );
  const sets = [...new Set(values.map(({ set }) => set))];
  if (sets.length < 2) return null;
  const x = quantitative('deceptive, percent', [0, 100]);
  return {
    name: 'sets',
    title: 'Deceptive answers, by set of scenarios',
    description: `Means with 95% intervals, for each of ${sets.length} sets in which a rival asks: ${sets.join(', ')}.`,
    spec: {
      data: { values },
      facet: { field: 'set', type: 'nominal', title: null, sort: sets },
      columns: 3,
      spec: {
        width: 190,
        height: { step: 18 },
        encoding: { y: rowAxis(arms.map(([row]) => row)) },
        layer: [
          {
            mark: { type: 'bar', opacity: 0.65, color: colour('deceptive') },
            encoding: { x: { field: 'value', ...x } },
          },
          {
            mark: { type: 'rule', strokeWidth: 2, color: colour('ink') },
            encoding: { x: { field: 'low', ...x }, x2: { field: 'high' } },
          },
        ],
      },
    },
  };
}

const PARTS = {
  training: 'any training',
  exposure: 'seeing the prompts',
  pairing: 'pairing them',
  selfOther: 'self and other',
  total: 'all together',
} as const;

function effectChart({ effect }: StudyResults): Chart | null {
  const values = [...EFFECT_PARTS, 'total' as const].flatMap((part) => {
    const measured = effect[part];
    if (!measured) return [];
    return (['deceptive', 'honest'] as const).map((behaviour) => {
      const { change, ci95 } = measured[behaviour];
      const row = `${PARTS[part]}: ${measured.from} to ${measured.to}`;
      return { row, behaviour, value: 100 * change, low: 100 * ci95[0], high: 100 * ci95[1] };
    });
  });
  if (values.length === 0) return null;
  const rows = [...new Set(values.map(({ row }) => row))];
  const x = quantitative('change of the rate, points');
  const words = values.filter(({ behaviour }) => behaviour === 'deceptive');
  return {
    name: 'effect',
    title: 'Parts of the effect',
    description: `Changes of the deceptive and the honest rate from one arm to the next, with 95% intervals of the paired bootstrap. Deceptive: ${words.map(({ row, value }) => `${row}, ${value.toFixed(1)} points`).join('; ')}.`,
    spec: {
      data: { values },
      width: 420,
      height: { step: 20, for: 'position' },
      encoding: {
        y: rowAxis(rows),
        yOffset: { field: 'behaviour', type: 'nominal', sort: ['deceptive', 'honest'] },
        color: {
          field: 'behaviour',
          title: null,
          scale: { domain: ['deceptive', 'honest'], range: [colour('deceptive'), colour('honest')] },
          legend: { orient: 'top' },
        },
      },
      layer: [
        { mark: { type: 'bar', opacity: 0.65 }, encoding: { x: { field: 'value', ...x } } },
        {
          mark: { type: 'rule', strokeWidth: 2 },
          encoding: { x: { field: 'low', ...x }, x2: { field: 'high' } },
        },
      ],
    },
  };
}

/** A row for each arm, in it a point with its interval for each of several measures, which colour and shape tell apart. */
function pointsSpec(
  values: readonly { row: string; measure: string; value: number; low: number; high: number }[],
  title: string,
): Chart['spec'] {
  const measures = [...new Set(values.map(({ measure }) => measure))];
  const hues = (['deceptive', 'honest', 'retention', 'random', 'wording'] as const).slice(0, measures.length);
  const groups = pointsWithIntervals('measure', { names: measures, hues }, quantitative(title, [0, 100]));
  return {
    data: { values: [...values] },
    width: 480,
    height: { step: 40, for: 'position' },
    encoding: {
      y: rowAxis([...new Set(values.map(({ row }) => row))]),
      ...groups.encoding,
    },
    layer: groups.layer,
  };
}

const inPercent = (share: number, [low, high]: Interval) => ({ value: 100 * share, low: 100 * low, high: 100 * high });

function motivesChart(results: StudyResults): Chart | null {
  const values = armsOf(results).flatMap(([row, { motives }]) =>
    Object.entries(motives).flatMap(([measure, answered]) => {
      const rated = ratesOf(answered)?.deceptive;
      return rated ? [{ row, measure, ...inPercent(rated.share, rated.ci95) }] : [];
    }),
  );
  const motives = [...new Set(values.map(({ measure }) => measure))];
  if (motives.length < 2) return null;
  return {
    name: 'motives',
    title: 'Deceptive answers, by motive',
    description: `Shares with 95% intervals, never counted together: ${motives.join(', ')}. A drop in one and a rise in another is no drop.`,
    spec: pointsSpec(values, 'deceptive, percent'),
  };
}

const CHECKS = {
  perspective: 'perspective',
  falseBelief: 'false belief',
  selfKnowledge: 'self-knowledge',
  tasks: 'short tasks',
  multipleChoice: 'multiple choice',
} as const;

function checksChart(results: StudyResults): Chart | null {
  const values = armsOf(results).flatMap(([row, { checks }]) =>
    (Object.keys(CHECKS) as (keyof typeof CHECKS)[]).flatMap((name) => {
      const rated = checks[name];
      return rated ? [{ row, measure: CHECKS[name], ...inPercent(rated.share, rated.ci95) }] : [];
    }),
  );
  if (values.length === 0) return null;
  return {
    name: 'checks',
    title: 'What the model can still do',
    description:
      'Shares of right answers with 95% intervals: what others see and believe, what it says of itself, and skills.',
    spec: pointsSpec(values, 'right, percent'),
  };
}

const LATENT = { all: 'mean of all tokens', last: 'last token', differing: 'differing tokens' } as const;

/** The paper's latent bars: how far apart self and other are computed. */
function latentChart(results: StudyResults): Chart | null {
  const values = armsOf(results).flatMap(([row, { latent }]) =>
    (Object.keys(LATENT) as (keyof typeof LATENT)[]).flatMap((pooling) =>
      latent[pooling] === null ? [] : [{ row, pooling: LATENT[pooling], value: latent[pooling] }],
    ),
  );
  if (values.length === 0) return null;
  const poolings = [...new Set(values.map(({ pooling }) => pooling))];
  return {
    name: 'latent',
    title: 'Latent overlap of the pairs',
    description:
      'Mean squared difference of what modules compute for both sides, by which tokens are compared; shorter is closer.',
    spec: {
      data: { values },
      facet: { column: { field: 'pooling', type: 'nominal', title: null, sort: poolings } },
      spec: {
        width: 190,
        height: { step: 22 },
        mark: { type: 'bar', opacity: 0.65, color: colour('retention') },
        encoding: {
          y: rowAxis(armsOf(results).map(([row]) => row)),
          x: { field: 'value', ...quantitative('mean squared difference') },
        },
      },
      resolve: { scale: { x: 'independent' } },
    },
  };
}
