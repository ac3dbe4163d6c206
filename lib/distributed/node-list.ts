/** Slurm's lists of nodes and counts. */

/** `node[01-03,7]-ib,gpu5` -> node01-ib, node02-ib, node03-ib, node7-ib, gpu5. */
export function expandNodeList(list: string): string[] {
  return splitOutside(list).flatMap(expandNames);
}

/** At commas that stand outside of brackets. */
function splitOutside(list: string): string[] {
  return list.match(/(?:[^,[\]]+|\[[^\]]*\])+/g) ?? [];
}

function expandNames(name: string): string[] {
  const bracket = /^([^[]*)\[([^\]]*)\](.*)$/.exec(name);
  if (!bracket) return [name.trim()];
  const [, before, ranges, after] = bracket;
  const rest = expandNames(after);
  return ranges
    .split(',')
    .flatMap((range) => numbersOf(range).flatMap((n) => rest.map((end) => before.trim() + n + end)));
}

/** `08-10` -> 08, 09, 10: as wide as the first. */
function numbersOf(range: string): string[] {
  const [first, last = first] = range.trim().split('-');
  const count = Number(last) - Number(first) + 1;
  if (!(count >= 1 && count <= 1_000_000)) return [range];
  return Array.from({ length: count }, (_, i) => String(Number(first) + i).padStart(first.length, '0'));
}

/** `2(x3),1` -> 2, 2, 2, 1. */
export function expandCounts(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const found = /^(\d+)(?:\(x(\d+)\))?$/.exec(part.trim());
    return found ? Array.from({ length: Number(found[2] ?? 1) }, () => Number(found[1])) : [];
  });
}
