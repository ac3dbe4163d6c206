/** Tables with a header line, as RFC 4180 has them: quoted fields may hold commas, quotes (doubled) and line breaks. */
import { basename } from 'node:path';
import { InputError, quoted } from './input-error';
import { readTextFile } from './json-file';

/** The rows of a file, by the names of its header. @throws InputError that names the file and the row */
export function readCsv(path: string): Record<string, string>[] {
  const name = basename(path);
  const [header, ...rows] = parseCsv(readTextFile(path).replace(/^\ufeff/u, ''), name);
  if (!header) throw new InputError(`${name}: is empty`);
  const repeated = header.find((field, i) => header.indexOf(field) !== i);
  if (repeated !== undefined) throw new InputError(`${name}: has two columns called ${quoted(repeated)}`);
  return rows.map((row, i) => {
    if (row.length !== header.length) {
      throw new InputError(`${name}: row ${i + 1} has ${row.length} fields, but the header has ${header.length}`);
    }
    return Object.fromEntries(header.map((field, at) => [field, row[at]]));
  });
}

/** Fields of every row, the header's first; lines without anything are no rows. */
export function parseCsv(text: string, name: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (let at = 0; at < text.length;) {
    const { field, end } = fieldAt(text, at, name);
    row.push(field);
    const closer = text[end];
    at = closer === '\r' && text[end + 1] === '\n' ? end + 2 : end + 1;
    if (closer === ',' && at < text.length) continue;
    if (closer === ',') row.push('');
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}

/** A field, and the place behind it: of a comma, a line break, or the end of the text. */
function fieldAt(text: string, start: number, name: string): { field: string; end: number } {
  if (text[start] !== '"') {
    const rest = /[,\r\n]/gu;
    rest.lastIndex = start;
    const end = rest.exec(text)?.index ?? text.length;
    return { field: text.slice(start, end), end };
  }
  // A doubled quote is one of the field's own.
  let close = text.indexOf('"', start + 1);
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close < 0) throw new InputError(`${name}: a quoted field at character ${start} is not closed`);
  const end = close + 1;
  if (end < text.length && !/[,\r\n]/u.test(text[end])) {
    throw new InputError(`${name}: text stands behind the quoted field at character ${start}`);
  }
  return { field: text.slice(start + 1, close).replaceAll('""', '"'), end };
}
