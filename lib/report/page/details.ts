/** Tables with every number, and what the run was made with. */
import { percentPoints } from '../../statistics';
import type { DemoResults, Run } from '../../studies/demo/results';
import { keptTable, numberCell, rivalsTable, type TextTable } from '../demo-tables';
import type { Origin } from '../../training/origin';
import { html, type Content, type Markup } from './markup';

export const tables = (results: DemoResults): Markup =>
  html`${[rivalsTable(results), keptTable(results)].map(tableOf)}`;

/** The first column names the row. */
export const tableOf = ({ title, head, rows }: TextTable): Markup =>
  html`<div class="scroll">
    <table>
      <caption>
        ${title}
      </caption>
      <thead>
        <tr>
          ${head.map((name, i) => html`<th scope="col" ${i > 0 ? html` class="number"` : null}>${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name, ...cells]) =>
            html`<tr>
              <th scope="row">${name}</th>
              ${cells.map((cell) => html`<td class="number">${cell}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div> `;

const RUN_COLUMNS: [string, (run: Run) => string][] = [
  ['epochs', ({ epochs }) => String(epochs)],
  ['seconds', ({ seconds }) => seconds.toFixed(1)],
  ['loss, start', ({ distance }) => numberCell(distance.start)],
  ['end', ({ distance }) => numberCell(distance.end)],
  [
    'goal',
    ({ distance: { goal, reached } }) => (goal === null ? '-' : `${numberCell(goal)}${reached ? '' : ' (missed)'}`),
  ],
  ['deceptive', ({ rates }) => percentPoints(rates.rival.deceptive)],
  ['honest', ({ rates }) => percentPoints(rates.rival.honest)],
  ['neither', ({ rates }) => percentPoints(rates.rival.neither)],
  ['others deceptive', ({ rates }) => percentPoints(rates.otherRivals.deceptive)],
  ['self right', ({ rates }) => percentPoints(rates.self.right)],
];

export function everyRun({ runs }: DemoResults): Markup | null {
  if (runs.length === 0) return null;
  const table: TextTable = {
    title: 'Answers to Bob in percent; the loss without dropout on all pairs, in its own units',
    head: ['run', ...RUN_COLUMNS.map(([name]) => name)],
    rows: runs.map((run) => [run.id, ...RUN_COLUMNS.map(([, cell]) => cell(run))]),
  };
  return html`<details>
    <summary>Every run</summary>
    ${tableOf(table)}
  </details>`;
}

/** What is read only on demand, as JSON. */
export const details = (summary: string, value: unknown): Markup =>
  html`<details>
    <summary>${summary}</summary>
    <pre>${JSON.stringify(value, null, 2)}</pre>
  </details>`;

export function configuration({ origin, model, data, config }: DemoResults): Markup {
  return html`${originTable(origin, [['model', html`<code>${model.folder}</code>`]])}
  ${details('Configuration', config)} ${details('SHA-256 of model, prompts and pairs', { model: model.sha256, data })}`;
}

/** @param more rows that follow */
export function originTable(
  { command, startedAt, versions, machine, git, model }: Origin,
  more: readonly (readonly [string, Content])[] = [],
): Markup {
  const facts: (readonly [string, Content])[] = [
    ['command', html`<code>${command.join(' ')}</code>`],
    ['started', startedAt],
    ['soo-torch', versions.sooTorch],
    ['libtorch', versions.libtorch],
    ['Node', versions.node],
    ['commit', git ? html`<code>${git.revision}</code>${git.dirty ? ', with changes' : ''}` : 'not known'],
    [
      'machine',
      `${machine.processor}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB, ${machine.platform}`,
    ],
    ['threads of each process', machine.threads],
    ...(model ? [['model', html`<code>${model.name}</code> at <code>${model.revision}</code>`] as const] : []),
    ...more,
  ];
  return html`<table>
    <caption>
      Origin
    </caption>
    <tbody>
      ${facts.map(
        ([name, value]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${value}</td>
          </tr> `,
      )}
    </tbody>
  </table> `;
}
