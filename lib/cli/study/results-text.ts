/** A study's results on a terminal of 80 columns. */
import { percent, percentPoints } from '../../statistics';
import { EFFECT_PARTS, type ArmResult, type Change, type Effect, type StudyResults } from '../../studies/honesty';
import { table } from '../table';

export function textOf(results: StudyResults): string {
  const { study, status, reason, verdict, claims, arms, effect, plan } = results;
  const head = `${study}: ${status}${reason === null ? '' : `, ${reason}`}; ${plan.split} items`;
  const parts = [head, verdict.text];
  for (const claim of claims)
    parts.push(`${claim.verdict.toUpperCase()}  ${claim.name} (wanted: ${claim.wanted})\n  ${claim.text}`);
  parts.push(
    table(['percent', 'decep', '95%', 'honest', 'refus', 'other', 'cut', 'seeds'], Object.entries(arms).map(armRow)),
  );
  parts.push(...leaningLines(arms), ...mtBenchLines(arms));
  if (effect.total) parts.push(table(['what changes (points)', 'deceptive', 'honest'], effectRows(effect)));
  for (const [name, { faults }] of Object.entries(arms))
    for (const { fault, text } of faults) parts.push(`${name}: ${fault}: ${text}`);
  return parts.join('\n\n');
}

/** Of benchmarks of others, a line for each: their answers are not the models' own. */
function leaningLines(arms: StudyResults['arms']): string[] {
  const sets = new Set(Object.values(arms).flatMap(({ benchmarks }) => Object.keys(benchmarks)));
  return [...sets].map((set) => {
    const shares = Object.entries(arms).flatMap(([arm, { benchmarks: { [set]: found } }]) => (found ? [`${arm} ${percent(found.share)}`] : [])); // prettier-ignore
    return `${set}: its deceptive answer is the likelier in: ${shares.join(', ')}`;
  });
}

/** Answers that nobody judged have no score. */
function mtBenchLines(arms: StudyResults['arms']): string[] {
  const asked = Object.entries(arms).flatMap(([arm, { mtBench }]) => (mtBench ? [[arm, mtBench] as const] : []));
  const score = (value: number | null): string => (value === null ? 'not judged' : value.toFixed(2));
  if (asked.length === 0) return [];
  const rows = asked.map(([arm, one]) => [arm, ...[one.firstTurn, one.secondTurn, one.average].map(score), one.answers, one.cut]); // prettier-ignore
  return [table(['MT-Bench', 'turn 1', 'turn 2', 'average', 'answers', 'cut'], rows)];
}

function armRow([name, { behaviours, seeds }]: [string, ArmResult]): string[] {
  const rates = behaviours?.rates;
  if (!behaviours) return [name, ...Array.from({ length: 7 }, () => '-')];
  const cut = percentPoints((behaviours.n - behaviours.counted) / behaviours.n);
  if (!rates) return [name, '-', '-', '-', '-', '-', cut, String(seeds.length || '-')];
  const interval = rates.deceptive.ci95.map((end) => (100 * end).toFixed(0)).join('-');
  const [deceptive, ...others] = [rates.deceptive, rates.honest, rates.refusal, rates.other].map(({ share }) => percentPoints(share)); // prettier-ignore
  return [name, deceptive, interval, ...others, cut, String(seeds.length || '-')];
}

const PART_NAMES: Readonly<Record<keyof Effect, string>> = {
  training: 'training as such',
  exposure: 'exposure to the prompts',
  pairing: 'pairing',
  selfOther: 'self and other',
  total: 'all together',
};

const effectRows = (effect: Effect): string[][] =>
  [...EFFECT_PARTS, 'total' as const].flatMap((name) => {
    const part = effect[name];
    return part ? [[PART_NAMES[name], pointsText(part.deceptive), pointsText(part.honest)]] : [];
  });

/** `-12 [-20, -4]`: a change of a share in points, with its interval. */
export const pointsText = ({ change, ci95 }: Change): string => `${signed(change)} [${ci95.map(signed).join(', ')}]`;

const signed = (share: number): string => `${share < 0 ? '' : '+'}${percent(share).slice(0, -1)}`;
