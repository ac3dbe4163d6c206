import Table from 'cli-table3';

/** A plain text table; numbers go to the right. Cells are printed as they are: format numbers before. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const numeric = (column: number) => rows.every((row) => /^[-+]?[\d.]+%?$|^-?$/.test(String(row[column] ?? '')));
  const printed = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (rows.length > 0 && numeric(column) ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) printed.push(row.map(String));
  return printed.toString();
}

/** Lines of `name  value`, the values one below the other. */
export function listing(entries: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}
