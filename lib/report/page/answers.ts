/** Sample answers: the first prompts of every family as they come, not chosen. */
import { EVALUATION_FAMILIES, EVALUATIONS, type EvaluationFamily } from '../../organism';
import type { DemoResults } from '../../studies/demo/results';
import { examples, type Example } from '../demo-tables';
import { answersTable, labelled } from './answers-table';
import { html, type Markup } from './markup';

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
  const columns = shown[0].answers.map(({ name }) => (name === 'before' ? name : `after ${name}`));
  return answersTable(
    EVALUATIONS[family].title,
    ['prompt', ...columns],
    shown.map((example) => row(family, example)),
  );
}

const row = (family: EvaluationFamily, { prompt, answers }: Example): Markup =>
  html`<tr>
    <th scope="row">${prompt.text}</th>
    ${answers.map(({ answer, label, right }) => {
      const isAsked = EVALUATIONS[family].asks === 'rival';
      return html`<td>${labelled(answer, isAsked ? (label ?? 'neither') : right ? 'right' : 'wrong')}</td>`;
    })}
  </tr> `;
