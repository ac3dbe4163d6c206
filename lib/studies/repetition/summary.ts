/** Rows of the tables: shares over the answers of one model, with seeds as the unit where there are several. */
import { BEHAVIOURS, type Behaviour } from '../../evals';
import { mean, rateInterval } from '../../statistics';
import { ARMS } from './arms';
import { ORDERS, type Answers, type Measured, type Rated, type Row } from './results';

/** The row before tuning, then one for each arm that was measured. */
export function rowsOf(measured: readonly Measured[]): Row[] {
  return (['baseline', ...ARMS] as const).flatMap((arm) => {
    const runs = measured.filter((one) => one.arm === arm);
    return runs.length > 0 ? [rowOf(arm, runs)] : [];
  });
}

function rowOf(arm: Row['arm'], runs: readonly Measured[]): Row {
  const answers = runs.map(({ scenarios }) => ORDERS.flatMap((order) => scenarios[order] ?? []));
  const labelled = (name: Behaviour): Rated =>
    ratedOf(answers.map((sets) => ({ right: sum(sets, ({ labels }) => labels[name]), n: sum(sets, ({ n }) => n) })));
  const margins = runs.flatMap(({ scenarios }) => ORDERS.flatMap((order) => scenarios[order]?.forcedChoice ?? []));
  return {
    arm,
    seeds: runs.flatMap(({ seed }) => seed ?? []),
    behaviours: Object.fromEntries(BEHAVIOURS.map((name) => [name, labelled(name)])) as Row['behaviours'],
    deceptiveByOrder: {
      'cheap-first': deceptiveIn(runs, 'cheap-first'),
      'precious-first': deceptiveIn(runs, 'precious-first'),
    },
    upstreamRate: mean(
      answers.map((sets) => sum(sets, ({ upstreamRate, n }) => upstreamRate * n) / sum(sets, ({ n }) => n)),
    ),
    forcedChoice: margins.length > 0 ? sum(margins, ({ mean, n }) => mean * n) / sum(margins, ({ n }) => n) : null,
    perspective: ratedOrNull(runs.map(({ questions }) => questions.perspective)),
    self: ratedOrNull(runs.map(({ questions }) => questions.self)),
    latent: {
      all: meanOrNull(runs.map(({ latent }) => latent.all)),
      last: meanOrNull(runs.map(({ latent }) => latent.last)),
      differing: meanOrNull(runs.map(({ latent }) => latent.differing)),
    },
  };
}

const sum = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((total, value) => total + of(value), 0);

interface Counted {
  right: number;
  n: number;
}

function ratedOf(perSeed: readonly Counted[]): Rated {
  const shares = perSeed.map(({ right, n }) => right / n);
  return { share: mean(shares), ci95: rateInterval(shares, Math.min(...perSeed.map(({ n }) => n))), perSeed: shares };
}

const ratedOrNull = (perSeed: readonly Counted[]): Rated | null =>
  perSeed.every(({ n }) => n > 0) ? ratedOf(perSeed) : null;

function deceptiveIn(runs: readonly Measured[], order: (typeof ORDERS)[number]): number | null {
  return meanOrNull(runs.map(({ scenarios }) => shareOf(scenarios[order])));
}

const shareOf = (answers: Answers | null): number | null => answers && answers.labels.deceptive / answers.n;

const meanOrNull = (values: readonly (number | null)[]): number | null => {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === values.length && numbers.length > 0 ? mean(numbers) : null;
};
