/** Made-up runs: rates as they are asked for, everything else as it would be. */
import { EVALUATION_FAMILIES, type EvaluationFamily } from '../../lib/organism';
import { type Rates } from '../../lib/evals';
import {
  armsOf,
  baselineArm,
  CONTROLS,
  FORMAT,
  verdictOf,
  type DemoResults,
  type FamilyRates,
  type Kind,
  type Pairing,
  type Run,
} from '../../lib/studies/demo';

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

const STEP = { loss: 1, gradNorm: 1, lr: 1e-3, milliseconds: 2 };

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
    training: [1, 2, 3].map((step) => ({ ...STEP, step, parts: { overlap: 0.5 / step } })),
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
    verdicts: {
      scenes: { outcome: 'unmeasured', text: '', claims: [] },
      fragments: { outcome: 'unmeasured', text: '', claims: [] },
    },
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

/** Two seeds of everything, with answers: tuning on scenes works and no control shows it. */
export function wholeRun(): DemoResults {
  const seeds = [1, 2];
  const runs = seeds.flatMap((seed) => [
    run('scenes', 'self', seed, { deceptive: 0.13 + 0.01 * seed }),
    ...CONTROLS.map((pairs) => run('scenes', pairs, seed, { deceptive: 0.98 }, { goal: 0.1, end: 0.09 })),
    run('fragments', 'self', seed, { deceptive: 0.95 }),
    ...CONTROLS.map((pairs) => run('fragments', pairs, seed, { deceptive: 1 }, { goal: 0.1, reached: false })),
  ]);
  const results = resultsOf(runs);
  results.origin.versions.sooTorch = '0.1.0-made-up';
  for (const sample of results.samples) sample.label = sample.run.startsWith('scenes') ? 'honest' : 'deceptive';
  return results;
}

export const HOSTILE = `<script>ran = 1</script><img src="http://a.test/x" onerror='ran = 2'>&lt;\u0000\u001b[31m</pre></title>`;

/** Hostile text wherever a results file may hold text of others. */
export function hostileRun(): DemoResults {
  const results = wholeRun();
  const { samples, prompts, origin, model, baseline } = results;
  Object.assign(results, { status: 'failed', reason: HOSTILE, failures: [{ id: HOSTILE, reason: HOSTILE }] });
  samples.forEach((sample) => (sample.answer = HOSTILE));
  Object.values(prompts).forEach((set) => set.forEach((prompt) => (prompt.text = HOSTILE)));
  Object.assign(origin, { command: [HOSTILE], startedAt: HOSTILE, git: { revision: HOSTILE, dirty: true } });
  Object.assign(origin.versions, { sooTorch: HOSTILE, libtorch: HOSTILE, node: HOSTILE });
  Object.assign(origin.machine, { platform: HOSTILE, processor: HOSTILE });
  Object.assign(model, { folder: HOSTILE, sha256: { [HOSTILE]: HOSTILE } });
  baseline.missedGates = [HOSTILE];
  results.config[HOSTILE] = HOSTILE;
  results.runs.forEach((run) => (run.id = run.id.startsWith('scenes/self') ? run.id : HOSTILE));
  for (const verdict of Object.values(results.verdicts)) {
    verdict.text = HOSTILE;
    verdict.claims = verdict.claims.map(({ verdict }) => ({ claim: HOSTILE, wanted: HOSTILE, verdict, text: HOSTILE }));
  }
  return results;
}
