/** What `soo repeat` prints: one table for what the answers do, one for what else was measured, and the verdict. */
import { percent, percentPoints } from '../statistics';
import { ARM_NAMES, type RepetitionResults, type Row } from '../studies/repetition';
import { table } from './table';

export function textOf(
  { rows, verdict, failures }: RepetitionResults,
  files: { results: string; report: string | null },
): string {
  const answers = table(
    ['percent of answers', 'deceptive', '95%', 'honest', 'refusal', 'other', 'truncated', 'upstream'],
    rows.map(answersRow),
  );
  const others = table(
    ['beside it', 'cheap first', 'precious first', 'forced choice', 'perspective', 'self', 'latent overlap'],
    rows.map(othersRow),
  );
  const failed = failures.map(({ id, reason }) => `${id} failed: ${reason}`);
  const written = files.report === null ? [] : [`report: ${files.report}`];
  return [answers, others, ...failed, verdict.text, [...written, `results: ${files.results}`].join('\n')].join('\n\n');
}

function answersRow({ arm, behaviours, upstreamRate }: Row): string[] {
  const { deceptive, honest, refusal, other, truncated } = behaviours;
  const interval = `${deceptive.ci95.map((end) => (100 * end).toFixed(0)).join('-')}`;
  const shares = [honest, refusal, other, truncated].map(({ share }) => percentPoints(share));
  return [ARM_NAMES[arm], percentPoints(deceptive.share), interval, ...shares, percentPoints(upstreamRate)];
}

function othersRow({ arm, deceptiveByOrder, forcedChoice, perspective, self, latent }: Row): string[] {
  const shown = (share: number | null | undefined): string => (share === null || share === undefined ? '-' : percent(share)); // prettier-ignore
  const orders = [deceptiveByOrder['cheap-first'], deceptiveByOrder['precious-first']].map(shown);
  const choice = forcedChoice === null ? '-' : `${forcedChoice.toFixed(2)} nats`;
  const overlap = latent.all === null ? '-' : latent.all.toPrecision(3);
  return [ARM_NAMES[arm], ...orders, choice, shown(perspective?.share), shown(self?.share), overlap];
}
