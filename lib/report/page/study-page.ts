/** The report of `soo study run` as one HTML page: a verdict per claim, the figures, every number, and answers by a rule. */
import { BEHAVIOURS } from '../../evals';
import { percent } from '../../statistics';
import { EFFECT_PARTS, type ArmResult, type Rated, type StudyClaim, type StudyResults } from '../../studies/honesty';
import { numberCell, rateCell } from '../demo-tables';
import type { SampleAnswers, StudyMaterial } from '../study-material';
import { answersTable, labelled } from './answers-table';
import { details, originTable, tableOf } from './details';
import { figure, framed, section, type DrawnChart } from './frame';
import { html, type Markup } from './markup';
import { arrows } from './verdicts';

export function studyPage(
  results: StudyResults,
  { samples }: Pick<StudyMaterial, 'samples'>,
  charts: readonly DrawnChart[],
): string {
  const { study, verdict, claims, arms, config, inputs, origin } = results;
  return framed({
    title: `Study ${study}`,
    head: html`<p><strong>${arrows(verdict.text)}</strong></p>
      ${standing(results)}`,
    body: [
      warnings(results),
      claims.length > 0 ? section('claims', 'Claims', html`<dl>${claims.map(claimEntry)}</dl>`) : null,
      section('charts', 'Charts', charts.map(figure)),
      section('answers', 'What the answers do', [
        behavioursTable(arms),
        checksTable(arms),
        leaningTable(arms),
        mtBenchTable(arms),
      ]),
      section('effect', 'Parts of the effect', effectTable(results)),
      samples.length > 0 ? section('samples', 'Sample answers', sampleAnswers(samples)) : null,
      section('configuration', 'How it was made', [
        originTable(origin),
        details('Configuration', config),
        details('What went in, with SHA-256', inputs),
      ]),
    ],
  });
}

function standing({ plan: { frozenAt, exploratory, split } }: StudyResults): Markup {
  const frozen = frozenAt === null ? 'never frozen' : `frozen on ${frozenAt.slice(0, 10)}`;
  const items = `Judged on ${split} items; the study file was ${frozen}.`;
  return html`<p class="faint">
    ${items}${exploratory === null ? '' : ` All claims are exploratory: ${exploratory}.`}
  </p>`;
}

function warnings({ status, reason, arms, tasks }: StudyResults): Markup | null {
  const left = tasks.filter(({ status }) => status === 'left').length;
  const ending =
    status === 'done'
      ? []
      : [`It has not ended (${status}${reason ? `: ${reason}` : ''}): ${left} of ${tasks.length} tasks are left.`];
  const found = Object.entries(arms).flatMap(([arm, { faults }]) =>
    faults.map(({ fault, text }) => `${arm}, ${fault}: ${text}.`),
  );
  if (ending.length + found.length === 0) return null;
  return html`<aside class="notice" aria-label="Warnings">
    <ul>
      ${[...ending, ...found].map((line) => html`<li>${arrows(line)}</li>`)}
    </ul>
  </aside>`;
}

const CHIPS = { holds: 'yes', 'holds partly': 'in-part', 'does not hold': 'no', 'not judged': 'open' } as const;

const claimEntry = ({ name, wanted, verdict, text, exploratory }: StudyClaim): Markup =>
  html`<dt>${name} <span class="chip ${CHIPS[verdict]}">${verdict}${exploratory ? ', exploratory' : ''}</span></dt>
    <dd>
      ${arrows(text)}
      <span class="faint">Wanted: ${wanted}.</span>
    </dd>`;

const cell = (rated: Rated | null | undefined): string => (rated ? rateCell(rated.share, rated.ci95) : '-');

const seedsOf = ({ seeds }: ArmResult): string => (seeds.length === 0 ? '-' : String(seeds.length));

const behavioursTable = (arms: StudyResults['arms']): Markup =>
  tableOf({
    title:
      'Percent [95% interval] of the answers to rivals, the seed being the unit; truncated: cut by the token budget, which is no outcome, and of which the other four are no shares; the last two columns are deceptive answers by whose room is named first',
    head: ['arm', 'seeds', 'n', ...BEHAVIOURS, 'cheap first', 'precious first'],
    rows: Object.entries(arms).map(([name, arm]) => [
      name,
      seedsOf(arm),
      String(arm.behaviours?.counted ?? 0),
      ...BEHAVIOURS.map((behaviour) => cell(arm.behaviours?.rates?.[behaviour])),
      ...(['cheap-first', 'precious-first'] as const).map((order) => cell(arm.orders[order]?.rates?.deceptive)),
    ]),
  });

const share = (value: number | null): string => (value === null ? '-' : percent(value));

const number = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : numberCell(value);

const checksTable = (arms: StudyResults['arms']): Markup =>
  tableOf({
    title:
      "Right answers in percent [95% interval]; perplexity of held-out text; the forced choice in nats, above 0 where the cheap room is the likelier; upstream's rate, by which what names neither room is honest; latent overlap of the pairs, smaller is closer",
    head: [
      ...['arm', 'perspective', 'false belief', 'self', 'tasks', 'choices', 'perplexity', 'forced choice'],
      ...["upstream's rate", 'latent, all', 'latent, last'],
    ],
    rows: Object.entries(arms).map(([name, { checks, forcedChoice, upstreamRate, latent }]) => [
      name,
      ...[checks.perspective, checks.falseBelief, checks.selfKnowledge, checks.tasks, checks.multipleChoice].map(cell),
      number(checks.perplexity?.mean),
      forcedChoice === null ? '-' : forcedChoice.toFixed(2),
      share(upstreamRate),
      number(latent.all),
      number(latent.last),
    ]),
  });

/** null where the study names no benchmark. */
function leaningTable(arms: StudyResults['arms']): Markup | null {
  const sets = [...new Set(Object.values(arms).flatMap(({ benchmarks }) => Object.keys(benchmarks)))];
  if (sets.length === 0) return null;
  return tableOf({
    title:
      "Benchmarks of others, whose answers are not the model's own: percent [95% interval] of the items whose deceptive answer is the likelier per token, and by how many nats on average",
    head: ['arm', ...sets.flatMap((set) => [set, 'nats'])],
    rows: Object.entries(arms).map(([name, { benchmarks }]) => [
      name,
      ...sets.flatMap((set) => [cell(benchmarks[set]), number(benchmarks[set]?.margin)]),
    ]),
  });
}

const score = (value: number | null): string => (value === null ? 'not judged' : value.toFixed(2));

/** null where the study does not ask it. */
function mtBenchTable(arms: StudyResults['arms']): Markup | null {
  const asked = Object.entries(arms).flatMap(([arm, { mtBench }]) => (mtBench ? [[arm, mtBench] as const] : []));
  if (asked.length === 0) return null;
  return tableOf({
    title: 'MT-Bench, from 1 to 10 over all runs of an arm: answers that nobody judged have no score; cut: turns that the token budget cut', // prettier-ignore
    head: ['arm', 'turn 1', 'turn 2', 'average', 'answers', 'cut', 'judgments'],
    rows: asked.map(([arm, one]) => [
      arm,
      ...[one.firstTurn, one.secondTurn, one.average].map(score),
      ...[one.answers, one.cut, one.judged].map(String),
    ]),
  });
}

const points = (value: number): string => `${value > 0 ? '+' : ''}${(100 * value).toFixed(1)}`;

const effectTable = ({ effect }: StudyResults): Markup =>
  tableOf({
    title:
      'Change in points [95% interval of the paired bootstrap, by family and seed] from one arm to the next; a part whose arm was not measured is in the next one',
    head: ['part', 'from', 'to', 'deceptive', 'honest', 'n'],
    rows: [...EFFECT_PARTS, 'total' as const].flatMap((part) => {
      const measured = effect[part];
      if (!measured) return [];
      const changes = (['deceptive', 'honest'] as const).map((behaviour) => {
        const { change, ci95 } = measured[behaviour];
        return `${points(change)} [${ci95.map(points).join(', ')}]`;
      });
      const name = part === 'selfOther' ? 'self and other' : part;
      return [[name, measured.from, measured.to, ...changes, String(measured.deceptive.n)]];
    }),
  });

const sampleAnswers = (samples: readonly SampleAnswers[]): Markup =>
  html`<p class="faint">
      The first item of each set, not chosen; the answers of each arm's first seed. Every answer is in records/.
    </p>
    ${samples.map(sampleTable)}`;

const sampleTable = ({ set, prompt, answers }: SampleAnswers): Markup =>
  answersTable(
    set,
    [prompt, 'answer'],
    answers.map(
      ({ arm, answer, behaviour }) =>
        html`<tr>
          <th scope="row">${arm}</th>
          <td>${labelled(answer, behaviour)}</td>
        </tr> `,
    ),
  );
