/** The report of `soo rl compare` and `soo rl classify` as one HTML page. */
import type { Claim } from '../../studies/claim';
import type { RlResults } from '../../studies/agents/results';
import { accuracyTable, armsTable, crossPlayTables, differencesTable } from '../rl-tables';
import { originTable, tableOf } from './details';
import { figure, framed, section, type DrawnChart } from './frame';
import { html, type Markup } from './markup';

export function rlPage(results: RlResults, charts: readonly DrawnChart[]): string {
  const { claims, classification, comparison, origin, config } = results;
  const tables = [
    ...(comparison ? [armsTable(comparison), differencesTable(comparison), ...crossPlayTables(comparison)] : []),
    ...(classification ? [accuracyTable(classification)] : []),
  ];
  return framed({
    title: 'Self-other overlap in physical deception',
    head: html`<p>
      Blue knows which landmark is the goal; red does not, and is trapped at the other one. A blue that is paid for that
      learns to deceive. What does tuning its self and other to overlap do, beside the same tuning without overlap?
    </p>`,
    body: [
      claims ? section('claims', 'Claims of the paper', html`<dl>${claims.map(claimEntry)}</dl>`) : null,
      section('charts', 'Charts', charts.map(figure)),
      section('tables', 'Tables', tables.map(tableOf)),
      section('configuration', 'How it was made', [
        originTable(origin),
        html`<details>
          <summary>Configuration</summary>
          <pre>${JSON.stringify(config, null, 2)}</pre>
        </details>`,
      ]),
    ],
  });
}

const claimEntry = ({ claim, verdict, text }: Claim): Markup =>
  html`<dt>${claim} <span class="chip">${verdict}</span></dt>
    <dd>${text}</dd>`;
