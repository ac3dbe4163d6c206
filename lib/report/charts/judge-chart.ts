/** How far labels can be trusted: those of the study beside those that a person gave the same answers. */
import { percent, type Agreement } from '../../statistics';
import type { Chart } from './draw';
import { colour } from './palette';

/** A row for each label of the study, a column for each by hand; darker where there are more. */
export function judgeChart(found: Agreement): Chart {
  const { n, labels, confusion } = found;
  const values = labels.flatMap((study, i) =>
    labels.map((hand, j) => ({ study, hand, count: confusion[i][j], part: confusion[i][j] / n })),
  );
  const x = { field: 'hand', type: 'nominal' as const, sort: labels, title: 'by hand', axis: { labelAngle: 0 } };
  const y = { field: 'study', type: 'nominal' as const, sort: labels, title: 'by the study' };
  return {
    name: 'judge',
    title: 'Labels of the study and by hand',
    description: `Counts of ${n} answers that were labelled without a sight of arm and label. ${agreementText(found)}`,
    spec: {
      data: { values },
      width: { step: 90 },
      height: { step: 44 },
      encoding: { x, y },
      layer: [
        {
          mark: { type: 'rect', color: colour('honest') },
          encoding: { opacity: { field: 'part', type: 'quantitative', scale: { range: [0.04, 0.7] }, legend: null } },
        },
        {
          mark: { type: 'text', fontSize: 13, color: colour('ink') },
          encoding: { text: { field: 'count', type: 'quantitative' } },
        },
      ],
    },
  };
}

/** Agreement and kappa in a sentence. */
export function agreementText({ agreement, kappa, interval }: Agreement): string {
  const beyond = kappa === null || interval === null ? 'chance alone would always agree' : `Cohen's kappa ${kappa.toFixed(2)} [${interval.map((end) => end.toFixed(2)).join(', ')}]`; // prettier-ignore
  return `They agree in ${percent(agreement)}; ${beyond}.`;
}
