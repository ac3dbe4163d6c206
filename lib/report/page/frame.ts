/** What every report is set in: one HTML page that needs nothing else: no script, no font, no picture from outside. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { declarations } from '../charts/palette';
import { html, trusted, type Content, type Markup } from './markup';

/** A chart in words and as a drawing; the words are its text alternative. */
export interface DrawnChart {
  /** File name without its extension. */
  name: string;
  title: string;
  /** What the chart shows, for those who do not see it and those who do. */
  description: string;
  svg: string;
}

/** Nothing may be fetched or run, whatever an answer or a configuration holds. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

export function framed({ title, head, body }: { title: string; head: Markup; body: Content }): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <style>
          ${styles()}
        </style>
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          ${head}
        </header>
        <main>${body}</main>
      </body>
    </html> `;
  return page.text;
}

export const section = (id: string, heading: string, content: Content): Markup =>
  html`<section aria-labelledby="${id}">
    <h2 id="${id}">${heading}</h2>
    ${content}
  </section> `;

export const figure = ({ title, description, svg }: DrawnChart): Markup =>
  html`<figure>
    <h3>${title}</h3>
    <div class="scroll" tabindex="0" role="group" aria-label="${title}">${trusted(svg)}</div>
    <figcaption>${description}</figcaption>
  </figure> `;

function styles(): Markup {
  const light = declarations('light');
  const dark = `@media screen and (prefers-color-scheme: dark) { :root { ${declarations('dark')} } }`;
  const sheet = readFileSync(join(__dirname, 'report.css'), 'utf8');
  return trusted(`\n:root { ${light} }\n${dark}\n${sheet}`);
}
