/** Tables of answers as they came, each with what it was labelled. */
import { html, type Markup } from './markup';

/** @param head the columns' names @param rows table rows, each beginning with a row's heading */
export const answersTable = (caption: string, head: readonly (string | Markup)[], rows: readonly Markup[]): Markup =>
  html`<div class="scroll">
    <table class="answers">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div> `;

/** What was answered, and its label. */
export const labelled = (answer: string, label: string | null): Markup =>
  html`<span class="answer">${answer || '(nothing)'}</span>
    ${label === null ? null : html`<span class="chip ${label}">${label}</span>`}`;
