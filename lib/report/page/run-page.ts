/** The report of one run in its folder (`soo finetune`, `soo rl train`, `soo rl finetune`) as one HTML page. */
import type { Origin } from '../../training/origin';
import { originTable } from './details';
import { figure, framed, section, type DrawnChart } from './frame';
import { html, type Markup } from './markup';

/** What `run.json` holds, as far as the page shows it. */
export interface ShownRun {
  status: string;
  reason?: string;
  config: Readonly<Record<string, unknown>>;
  inputs: Readonly<Record<string, unknown>>;
  origin: Origin;
  result?: unknown;
}

export function runPage(title: string, run: ShownRun, charts: readonly DrawnChart[]): string {
  return framed({
    title,
    head: html`<p>
      Started
      <time datetime="${run.origin.startedAt}">${run.origin.startedAt.slice(0, 16).replace('T', ' ')} UTC</time>.
    </p>`,
    body: [
      run.status === 'done' ? null : unfinished(run),
      section('charts', 'Charts', charts.map(figure)),
      section('configuration', 'How it was made', [
        originTable(run.origin),
        details('Result', run.result),
        details('Configuration', run.config),
        details('SHA-256 of what went in', run.inputs),
      ]),
    ],
  });
}

const unfinished = ({ status, reason }: ShownRun): Markup =>
  html`<aside class="notice" aria-label="Warnings">
    <p>The run has not ended (${status}${reason ? `: ${reason}` : ''}); what it logged until then is shown.</p>
  </aside>`;

const details = (summary: string, value: unknown): Markup | null =>
  value === undefined
    ? null
    : html`<details>
        <summary>${summary}</summary>
        <pre>${JSON.stringify(value, null, 2)}</pre>
      </details>`;
