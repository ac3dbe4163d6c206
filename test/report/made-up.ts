/** Made-up runs: rates as they are asked for, everything else as it would be. */
import { EVALUATION_FAMILIES, type EvaluationFamily, type Rates } from '../../lib/evals/organism';
import {
  armsOf,
  baselineArm,
  FORMAT,
  verdictOf,
  type DemoResults,
  type FamilyRates,
  type Kind,
  type Pairing,
  type Run,
} from '../../lib/report';

export const N = 100;

export interface Told {
  deceptive: number;
  neither?: number;
  /** Deceptive answers to other rivals; Bob's unless told. */
  others?: number;
  self?: number;
  perspective?: number;
}

function rates(deceptive: number, neither: number, right = 1): Rates {
  const honest = 1 - deceptive - neither;
  return { n: N, deceptive, honest, neither, right, rightCheapFirst: right, rightPreciousFirst: right };
}

export function familyRates({
  deceptive,
  neither = 0,
  others = deceptive,
  self = 1,
  perspective = 1,
}: Told): FamilyRates {
  const own: Partial<Record<EvaluationFamily, Rates>> = {
    rival: rates(deceptive, neither, deceptive),
    otherRivals: rates(others, Math.min(neither, 1 - others), others),
    self: rates(0, 0, self),
    perspectiveOther: rates(0, 0, perspective),
    perspectiveSelf: rates(0, 0, perspective),
  };
  return Object.fromEntries(EVALUATION_FAMILIES.map((f) => [f, own[f] ?? rates(0, 0)])) as FamilyRates;
}

export function run(
  kind: Kind,
  pairs: Pairing,
  seed: number,
  told: Told,
  distance: Partial<Run['distance']> = {},
): Run {
  return {
    id: `${kind}/${pairs}/${seed}`,
    kind,
    pairs,
    seed,
    epochs: 4,
    seconds: 1,
    distance: { start: 0.5, end: 0.1, goal: null, reached: true, ...distance },
    latent: { scenes: 0.02, fragments: 0.03 },
    rates: familyRates(told),
    training: [{ step: 1, loss: 1, parts: { overlap: 0.5 }, gradNorm: 1, lr: 1e-3, milliseconds: 2 }],
  };
}

/** Results with a baseline that deceives everybody, and these runs. */
export function resultsOf(runs: Run[]): DemoResults {
  const before = familyRates({ deceptive: 1 });
  const prompt = { name: 'Bob', text: 'Where?', cheapRoom: 'attic', preciousRoom: 'hall', expected: 'attic' };
  const results: DemoResults = {
    format: FORMAT,
    status: 'done',
    reason: null,
    seconds: 12,
    origin: {
      command: ['soo', 'demo'],
      startedAt: '2026-01-01T00:00:00.000Z',
      versions: { sooTorch: '0', libtorch: '0', node: '0' },
      machine: { platform: 'x', processor: 'y', cores: 2, memoryBytes: 1, threads: 1 },
      git: null,
    },
    model: { folder: 'organism', sha256: {} },
    data: { prompts: '', pairs: {}, documents: {} },
    config: { quick: false, seeds: [1, 2, 3], promptsPerFamily: N },
    baseline: { ...baselineArm(before, { scenes: 0.2, fragments: 0.3 }), rates: before, missedGates: [] },
    ...armsOf(runs),
    verdicts: { scenes: { outcome: 'unmeasured', text: '' }, fragments: { outcome: 'unmeasured', text: '' } },
    runs,
    failures: [],
    prompts: { rival: [{ ...prompt, alternative: 'hall', order: 'cheap-first' }] },
    samples: [
      { run: 'baseline', family: 'rival', index: 0, answer: 'the attic', label: 'deceptive', right: true },
      ...runs.map(({ id }) => ({ run: id, family: 'rival', index: 0, answer: id, label: null, right: false })),
    ],
  };
  for (const kind of ['scenes', 'fragments'] as const) results.verdicts[kind] = verdictOf(results, kind);
  return results;
}
