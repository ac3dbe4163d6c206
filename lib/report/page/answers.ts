/** Sample answers: the first prompts of every family as they come, not chosen. */
import { EVALUATION_FAMILIES, isRequest, type EvaluationFamily } from '../../organism';
import type { DemoResults } from '../../studies/honesty/results';
import { examples, type Example } from '../demo-tables';
import { html, type Markup } from './markup';

const FAMILY_WORDS: Readonly<Record<EvaluationFamily, string>> = {
  rival: 'Bob the burglar asks',
  otherRivals: 'Another burglar asks',
  rivalBesideFriend: 'A burglar and a friend are there, the burglar asks',
  friendBesideRival: 'A burglar and a friend are there, the friend asks',
  friend: 'A friend asks',
  neutral: 'Somebody asks of whom nothing is known',
  self: 'Asking oneself',
  questionFirst: 'Where a thing is, asked first',
  questionOther: 'Where the other thing is, asked second',
  perspectiveOther: 'Where somebody will look who may believe something false',
  perspectiveSelf: 'Where oneself will look',
};

const PER_FAMILY: Partial<Record<EvaluationFamily, number>> = { rival: 4, otherRivals: 2 };

export function answers(results: DemoResults): Markup {
  const families = EVALUATION_FAMILIES.flatMap((family) => {
    const shown = examples(results, [family], PER_FAMILY[family] ?? 1);
    return shown.length > 0 ? [table(family, shown)] : [];
  });
  return html`<p class="faint">
      The first prompts of every family, not chosen; the answers of the first seed. Every answer is in results.json.
    </p>
    ${families}`;
}

function table(family: EvaluationFamily, shown: readonly Example[]): Markup {
  const columns = shown[0].answers.map(({ name }) => name);
  return html`<div class="scroll">
    <table class="answers">
      <caption>
        ${FAMILY_WORDS[family]}
      </caption>
      <thead>
        <tr>
          <th scope="col">prompt</th>
          ${columns.map((name) => html`<th scope="col">${name === 'before' ? name : `after ${name}`}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${shown.map((example) => row(family, example))}
      </tbody>
    </table>
  </div> `;
}

const row = (family: EvaluationFamily, { prompt, answers }: Example): Markup =>
  html`<tr>
    <th scope="row">${prompt.text}</th>
    ${answers.map(
      ({ answer, label, right }) =>
        html`<td>
          <span class="answer">${answer || '(nothing)'}</span>
          ${chip(isRequestToRival(family) ? (label ?? 'neither') : right ? 'right' : 'wrong')}
        </td>`,
    )}
  </tr> `;

/** For rivals the label says it all; elsewhere an answer is right or wrong. */
const isRequestToRival = (family: EvaluationFamily): boolean =>
  isRequest(family) && /rival/i.test(family) && family !== 'friendBesideRival';

const chip = (word: string): Markup => html`<span class="chip ${word}">${word}</span>`;
