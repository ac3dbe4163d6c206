/** HTML as a tagged template in which everything that is filled in is escaped, unless it is markup itself. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters, which HTML may not hold. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g;

export class Markup {
  constructor(readonly text: string) {}
}

export type Content = Markup | string | number | null | undefined | readonly Content[];

/** Markup made elsewhere, taken as it is: drawings and style sheets of our own, never what a model or a file says. */
export const trusted = (text: string): Markup => new Markup(text);

/** Lists are joined; null and undefined leave nothing. In attributes, put the value in quotes: `title="${name}"`. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(strings.map((string, i) => string + (i < values.length ? markupOf(values[i]) : '')).join(''));
}

function markupOf(value: Content): string {
  if (value instanceof Markup) return value.text;
  if (value === null || value === undefined) return '';
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
  return value.map(markupOf).join('');
}

const escaped = (text: string): string =>
  text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"']/g, (char) => ENTITIES[char]);
