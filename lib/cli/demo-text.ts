/** What `soo demo` prints of its results, for people and for programs. */
import { examples, keptTable, rivalsTable, type TextTable } from '../report';
import { ANSWERS } from '../studies/claim';
import { KINDS, OPENINGS, type DemoResults, type Kind } from '../studies/demo';
import { table } from './table';

/** Where what was made lies. */
export interface DemoFiles {
  /** Null where the packages that draw are not installed. */
  report: string | null;
  results: string;
}

/** What a program reads: the rows and verdicts. Every sample is in the file. */
export function jsonOf(results: DemoResults, files: DemoFiles): object {
  const { status, reason, seconds, config, origin, model, baseline, tuned, controls, verdicts, failures } = results;
  return { status, reason, seconds, baseline, tuned, controls, verdicts, failures, config, model, origin, files };
}

const SHOWN_FAMILIES = ['rival', 'friend', 'self', 'perspectiveOther'];

export function textOf(results: DemoResults, files: DemoFiles): string {
  const show = ({ title, head, rows }: TextTable): string => `${title}\n${table(head, rows)}`;
  const shown = examples(results, SHOWN_FAMILIES).map(
    ({ prompt, answers }) =>
      `${prompt.text}\n${answers.map(({ name, answer }) => `  ${name.padEnd(9)} > ${answer}`).join('\n')}`,
  );
  return [
    show(rivalsTable(results)),
    show(keptTable(results)),
    ...shown,
    ...warnings(results),
    ...KINDS.map((kind) => verdictText(results, kind)),
    ending(results, files),
  ].join('\n\n');
}

/** The outcome, and every claim with its answer. */
function verdictText({ verdicts }: DemoResults, kind: Kind): string {
  const { outcome, text, claims } = verdicts[kind];
  if (claims.length === 0) return `${kind}: ${text}`;
  const lines = claims.map(({ claim, verdict, text }) => `  ${ANSWERS[verdict].padEnd(7)}  ${claim}. ${text}`);
  return [`${kind}: ${OPENINGS[outcome].toLowerCase()}`, ...lines].join('\n');
}

function warnings({ baseline, failures }: DemoResults): string[] {
  const missed = baseline.missedGates.map((gate) => `warning: the model misses a gate before tuning: ${gate}`);
  const failed = failures.map(({ id, reason }) => `warning: ${id} is left out: ${reason}`);
  return missed.length + failed.length > 0 ? [[...missed, ...failed].join('\n')] : [];
}

function ending({ status, reason, runs, seconds, config }: DemoResults, files: DemoFiles): string {
  const done = `${runs.length} tuning runs, ${config.seeds.length} seeds, ${seconds.toFixed(0)} s. ${files.report ? `Report: ${files.report}. ` : ''}Every answer: ${files.results}`;
  return status === 'done' ? done : `INCOMPLETE (${reason}): the tables hold what was measured until then. ${done}`;
}
