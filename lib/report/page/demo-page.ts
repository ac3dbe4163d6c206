/** The report of a demo run as one HTML page. */
import type { DemoResults } from '../../studies/demo/results';
import { configuration, everyRun, tables } from './details';
import { answers } from './answers';
import { figure, framed, section, type DrawnChart } from './frame';
import { html, type Markup } from './markup';
import { verdicts, warnings } from './verdicts';

const TITLE = 'Self-other overlap on the embedded organism';

export function demoPage(results: DemoResults, charts: readonly DrawnChart[]): string {
  return framed({
    title: TITLE,
    head: summary(results),
    body: [
      warnings(results),
      section('verdicts', 'What the numbers say', verdicts(results)),
      section('charts', 'Charts', charts.map(figure)),
      section('answers', 'Answers before and after', answers(results)),
      section('tables', 'Tables', [tables(results), everyRun(results)]),
      section('configuration', 'How it was made', configuration(results)),
    ],
  });
}

function summary({ config, runs, seconds, origin }: DemoResults): Markup {
  const seeds = config.seeds.length === 1 ? '1 seed' : `${config.seeds.length} seeds`;
  const { versions, git } = origin;
  const code = git ? `, commit ${git.revision.slice(0, 12)}${git.dirty ? ' with changes' : ''}` : '';
  return html`<p>
      A small model that deceives burglars is tuned so that what it computes about itself and about others comes
      together. What does that do to its answers, and is it the pairing of self and other that does it?
    </p>
    <p class="faint">
      ${runs.length} tuning runs with ${seeds} in ${seconds.toFixed(0)} s, ${config.promptsPerFamily} prompts a family
      that share nothing with those the settings were chosen on. Started
      <time datetime="${origin.startedAt}">${origin.startedAt.slice(0, 16).replace('T', ' ')} UTC</time>, soo-torch
      ${versions.sooTorch}, libtorch ${versions.libtorch}, Node ${versions.node}${code}.
    </p>`;
}
