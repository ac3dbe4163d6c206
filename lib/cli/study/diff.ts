import type { Command } from 'commander';
import { diffStudies, type Change } from '../../studies/honesty';
import type { Result } from '../command';
import { table } from '../table';
import { pointsText } from './results-text';

export function define(command: Command): void {
  command.argument('<a>', 'folder of a study').argument('<b>', 'folder of another');
}

const SHOWN = 24;

const shortened = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text;
};

const changeText = (change: Change | null): string => (change ? pointsText(change) : '-');

/** `soo study diff`: B less A. */
export function run([a, b]: readonly string[]): Result {
  const difference = diffStudies(a, b);
  const { settings, arms, only, claims } = difference;
  const parts = [
    settings.length === 0
      ? 'Both have the same settings.'
      : table(['setting', 'A', 'B'], settings.map((one) => [one.name, shortened(one.a), shortened(one.b)])), // prettier-ignore
    table(
      ['B less A (points)', 'deceptive', 'honest'],
      Object.entries(arms).map(([name, { deceptive, honest }]) => [name, changeText(deceptive), changeText(honest)]),
    ),
    ...(['a', 'b'] as const).flatMap((side) => only[side].length > 0 ? [`only in ${side.toUpperCase()}: ${only[side].join(', ')}`] : []), // prettier-ignore
    ...(claims.length > 0 ? [table(['claim', 'A', 'B'], claims.map((one) => [one.id, one.a ?? '-', one.b ?? '-']))] : []), // prettier-ignore
  ];
  return { json: difference, text: parts.join('\n\n') };
}
