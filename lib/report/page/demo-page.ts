/** The report of a demo run as one HTML page that needs nothing else: no script, no font, no picture from outside. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chart } from '../charts/draw';
import { declarations } from '../charts/palette';
import type { DemoResults } from '../demo-results';
import { configuration, everyRun, tables } from './details';
import { answers } from './answers';
import { html, trusted, type Markup } from './markup';
import { verdicts, warnings } from './verdicts';

export interface DrawnChart extends Chart {
  svg: string;
}

/** Nothing may be fetched or run, whatever an answer or a configuration holds. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const TITLE = 'Self-other overlap on the embedded organism';

export function demoPage(results: DemoResults, charts: readonly DrawnChart[]): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${TITLE}</title>
        <link rel="icon" href="data:," />
        <style>
          ${styles()}
        </style>
      </head>
      <body>
        <header>
          <h1>${TITLE}</h1>
          ${summary(results)}
        </header>
        <main>
          ${warnings(results)}
          <section aria-labelledby="verdicts">
            <h2 id="verdicts">What the numbers say</h2>
            ${verdicts(results)}
          </section>
          <section aria-labelledby="charts">
            <h2 id="charts">Charts</h2>
            ${charts.map(figure)}
          </section>
          <section aria-labelledby="answers">
            <h2 id="answers">Answers before and after</h2>
            ${answers(results)}
          </section>
          <section aria-labelledby="tables">
            <h2 id="tables">Tables</h2>
            ${tables(results)} ${everyRun(results)}
          </section>
          <section aria-labelledby="configuration">
            <h2 id="configuration">How it was made</h2>
            ${configuration(results)}
          </section>
        </main>
      </body>
    </html> `;
  return page.text;
}

function styles(): Markup {
  const light = declarations('light');
  const dark = `@media screen and (prefers-color-scheme: dark) { :root { ${declarations('dark')} } }`;
  const sheet = readFileSync(join(__dirname, 'report.css'), 'utf8');
  return trusted(`\n:root { ${light} }\n${dark}\n${sheet}`);
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

const figure = ({ title, description, svg }: DrawnChart): Markup =>
  html`<figure>
    <h3>${title}</h3>
    <div class="scroll" tabindex="0" role="group" aria-label="${title}">${trusted(svg)}</div>
    <figcaption>${description}</figcaption>
  </figure> `;
