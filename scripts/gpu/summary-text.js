'use strict';

// What a packed run gave, for people: what ran, which numbers came out, and each beside the Python stack's.

const number = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(4));

function rows(table) {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}

/** Python's number of the same name; where prompts are short it pads them as upstream does, or trims them. */
function peersOf(name, byName) {
  return ['', '.padded', '.trimmed']
    .map((how) => byName.get(`peer.${name.replace(/\.short/, `.short${how}`)}`))
    .filter((measure, at, all) => measure && all.indexOf(measure) === at)
    .map(({ value }) => value);
}

const ownName = (name) => name.replace(/^peer\./, '').replace(/\.short\.(padded|trimmed)/, '.short');

function textOf({ date, commit, device, torch, cuda, node, scale, seconds, parts, problem, ...facts }) {
  const measures = parts.flatMap((part) => part.measures);
  const byName = new Map(measures.map((measure) => [measure.name, measure]));
  const known = new Set(measures.map(({ name }) => name));
  // Python's numbers stand beside ours, or by themselves where ours did not come.
  const own = measures.filter(({ name }) => !/^peer\./.test(name) || !known.has(ownName(name)));
  const peers = `transformers ${facts.transformers ?? 'missing'}, peft ${facts.peft ?? 'missing'}`;
  const lines = [
    `${device ?? 'no device'}: torch ${torch ?? problem}${cuda ? ` (CUDA ${cuda})` : ''}, Node ${node}, ${peers}`,
    `commit ${commit ?? 'unknown'}, ${date}, size ${scale}, ${seconds.toFixed(0)} s in all`,
    '',
    ...rows(parts.map(({ part, status, seconds: took }) => [part, status, `${took.toFixed(1)} s`])),
    '',
    ...rows([
      ['measured', 'here', 'Python', 'unit'],
      ...own.map(({ name, value, unit }) => [name, number(value), peersOf(name, byName).map(number).join(' / '), unit]),
    ]),
  ];
  for (const { part, status, last } of parts.filter((each) => each.status !== 'ok')) {
    lines.push('', `${part} (${status}):`, ...last.map((line) => `  ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

module.exports = { textOf };
