/** The report of `soo repeat` as one HTML page. */
import { BEHAVIOURS } from '../../evals';
import { percent } from '../../statistics';
import { ARM_NAMES, type RepetitionResults, type Row } from '../../studies/repetition';
import { numberCell, rateCell } from '../demo-tables';
import { details, originTable, tableOf } from './details';
import { figure, framed, section, type DrawnChart } from './frame';
import { html, type Markup } from './markup';

export function repetitionPage(results: RepetitionResults, charts: readonly DrawnChart[]): string {
  const { rows, verdict, failures, status, reason } = results;
  return framed({
    title: 'Self-other overlap on a language model',
    head: html`<p><strong>${verdict.text}</strong></p>`,
    body: [
      status === 'done' ? null : unfinished(status, reason),
      failures.length > 0 ? failed(failures) : null,
      section('charts', 'Chart', charts.map(figure)),
      section('answers', 'What the answers do', answersTable(rows)),
      section('beside', 'What else was measured', besideTable(rows)),
      section('runs', 'Every run', runsTable(results)),
      section('configuration', 'How it was made', [
        originTable(results.origin),
        details('Configuration', results.config),
        details('What went in, with SHA-256', results.inputs),
      ]),
    ],
  });
}

const unfinished = (status: string, reason: string | null): Markup =>
  html`<aside class="notice" aria-label="Warnings">
    <p>It has not ended (${status}${reason ? `: ${reason}` : ''}); what was measured until then is shown.</p>
  </aside>`;

const failed = (failures: RepetitionResults['failures']): Markup =>
  html`<aside class="notice" aria-label="Warnings">
    ${failures.map(({ id, reason }) => html`<p>${id} failed: ${reason}</p>`)}
  </aside>`;

const answersTable = (rows: readonly Row[]): Markup =>
  tableOf({
    title:
      'Percent [95% interval] over both orders of the facts, the seed being the unit; truncated: cut by the token budget, which is no outcome',
    head: ['model', 'seeds', ...BEHAVIOURS, "upstream's rate"],
    rows: rows.map(({ arm, seeds, behaviours, upstreamRate }) => [
      ARM_NAMES[arm],
      seeds.length === 0 ? '-' : String(seeds.length),
      ...BEHAVIOURS.map((one) => rateCell(behaviours[one].share, behaviours[one].ci95)),
      percent(upstreamRate),
    ]),
  });

const share = (value: number | null): string => (value === null ? '-' : percent(value));

const besideTable = (rows: readonly Row[]): Markup =>
  tableOf({
    title:
      'Deceptive answers by whose room is named first; the forced choice in nats, above 0 where the cheap room is the likelier; right answers to questions; latent overlap of the pairs, smaller is closer',
    head: [
      'model',
      'cheap first',
      'precious first',
      'forced choice',
      'perspective',
      'self',
      'latent, all',
      'latent, last',
    ],
    rows: rows.map(({ arm, deceptiveByOrder, forcedChoice, perspective, self, latent }) => [
      ARM_NAMES[arm],
      share(deceptiveByOrder['cheap-first']),
      share(deceptiveByOrder['precious-first']),
      forcedChoice === null ? '-' : forcedChoice.toFixed(2),
      perspective ? rateCell(perspective.share, perspective.ci95) : '-',
      self ? rateCell(self.share, self.ci95) : '-',
      latent.all === null ? '-' : numberCell(latent.all),
      latent.last === null ? '-' : numberCell(latent.last),
    ]),
  });

function runsTable({ measured }: RepetitionResults): Markup {
  const orders = ['cheap-first', 'precious-first'] as const;
  return tableOf({
    title: 'Counts of answers over both orders; the loss of the arm itself, on all pairs without dropout',
    head: ['run', ...BEHAVIOURS, 'loss, start', 'end'],
    rows: measured.map(({ id, scenarios, training }) => [
      id,
      ...BEHAVIOURS.map((one) => String(orders.reduce((sum, order) => sum + (scenarios[order]?.labels[one] ?? 0), 0))),
      training?.distance ? numberCell(training.distance.start) : '-',
      training?.distance ? numberCell(training.distance.end) : '-',
    ]),
  });
}
