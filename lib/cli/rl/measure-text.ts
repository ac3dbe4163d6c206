import { OVERLAP_FORMS, type Evaluation, type Measure, type OverlapForm } from '../../rl';

type Named = 'trapRate' | 'deceptiveMoveRate' | 'goalSteps' | OverlapForm;

/** How measures are called and printed. */
export const SHOWN: Readonly<Record<Named, { label: string; print: (value: number) => string }>> = {
  trapRate: { label: 'red trapped, % of episodes', print: (value) => (100 * value).toFixed(1) },
  deceptiveMoveRate: { label: 'deceptive moves, % of steps in sight', print: (value) => (100 * value).toFixed(1) },
  goalSteps: { label: 'observations at the goal', print: (value) => value.toFixed(1) },
  overlap: { label: 'overlap', print: (value) => value.toFixed(2) },
  overlapMatchedFlags: { label: 'overlap, matched flags', print: (value) => value.toFixed(2) },
  actionOverlap: { label: 'overlap of actions', print: (value) => value.toFixed(2) },
  actionOverlapMatchedFlags: { label: 'overlap of actions, matched flags', print: (value) => value.toFixed(2) },
};

export const MEASURES = [
  'trapRate',
  'deceptiveMoveRate',
  'goalSteps',
  ...(Object.keys(OVERLAP_FORMS) as OverlapForm[]),
] as const;

/** `12.3 [11.0, 13.6]`, or `-` where there was nothing to measure. */
export function measureText({ mean, ci95 }: Measure, print: (value: number) => string): string {
  if (!Number.isFinite(mean)) return '-';
  return ci95 ? `${print(mean)} [${ci95.map(print).join(', ')}]` : print(mean);
}

/** One row for each measure, the agents side by side. */
export function measureRows(evaluations: readonly Evaluation[]): string[][] {
  return MEASURES.map((name) => [
    SHOWN[name].label,
    ...evaluations.map((evaluation) => measureText(evaluation[name], SHOWN[name].print)),
  ]);
}
