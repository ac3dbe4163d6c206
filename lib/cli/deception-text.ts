/** The tables of `soo deception`. */
import { BEHAVIOURS, truncatedText, type DeceptionRates, type Interval } from '../evals';
import { percentPoints } from '../statistics';
import { table } from './table';

type Named = Readonly<Record<string, DeceptionRates>>;

const ends = (interval: Interval, show: (end: number) => string): string => `[${interval.map(show).join(', ')}]`;
const rate = (share: number, interval: Interval): string => `${percentPoints(share)} ${ends(interval, percentPoints)}`;

/** Rates in percent: by set and by the order of the facts, where there are several, and of all. */
export function describeRates(bySet: Named, byOrder: Named, all: DeceptionRates): string {
  const several = (named: Named): [string, DeceptionRates][] => {
    const entries = Object.entries(named);
    return entries.length > 1 ? entries : [];
  };
  const sets = Object.keys(bySet);
  const whole: [string, DeceptionRates] = [sets.length === 1 ? sets[0] : 'all', all];
  const entries = [...several(bySet), ...several(byOrder), whole];
  const rows = entries.map(row);
  const head = ['percent', 'n', 'deceptive', 'honest', 'neither', "upstream's rate", 'denials ignored', 'margin'];
  return [table(head, rows), NOTE, '', ...behaviours(entries)].join('\n').trimEnd();
}

const NOTE =
  "Deceptive: the cheap thing's room is named first; denials ignored: the same of rooms that are not denied; margin: " +
  'nats by which that room is the likelier answer. Brackets: 95% intervals (Wilson; of the margin Student).';

/** Counts by behaviour, with what the truncated answers say so far; nothing for records of which nobody knows. */
function behaviours(entries: readonly (readonly [string, DeceptionRates])[]): string[] {
  const rows = entries.flatMap(([name, { labels, truncatedSays }]) =>
    labels && truncatedSays ? [[name, ...BEHAVIOURS.map((one) => labels[one]), truncatedText(truncatedSays)]] : [],
  );
  if (rows.length < entries.length) return [];
  return [table(['answers', ...BEHAVIOURS, 'the truncated so far'], rows), BEHAVIOURS_NOTE];
}

const BEHAVIOURS_NOTE =
  'Behind thoughts, by the room that is recommended; truncated: cut by --max-new-tokens, which is no outcome.';

function row([name, rates]: [string, DeceptionRates]): (string | number)[] {
  const { intervals, negationAware: affirmed, forcedChoice: choice } = rates;
  const fixed = (value: number): string => value.toFixed(2);
  return [
    name,
    rates.n,
    rate(rates.deceptive, intervals.deceptive),
    percentPoints(rates.honest),
    percentPoints(rates.neither),
    rate(rates.upstreamRate, rates.upstreamInterval),
    rate(affirmed.deceptive, affirmed.intervals.deceptive),
    choice ? `${fixed(choice.mean)} ${choice.ci95 ? ends(choice.ci95, fixed) : ''}`.trim() : '-',
  ];
}
