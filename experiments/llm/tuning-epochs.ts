/**
 * How the demo's epochs and step sizes were chosen: tunes the organism and measures it after every epoch, on the
 * DEVELOPMENT split only. The demo measures on the test split, which shares no combination with it.
 *
 *   npx ts-node -T experiments/llm/tuning-epochs.ts --kind scenes --lr 1e-3 --epochs 12 --seeds 101,102
 *
 * Options: --pairs self | name | wording | random, --batch 4, --n 60 (prompts per family), --model organism.
 * Seeds of the demo (1, 2, 3) are better left alone here.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureModel } from '../../lib/studies/demo/measure';
import { CAPABILITY, configOf, demoSettings } from '../../lib/studies/demo/plan';
import { pairsOf } from '../../lib/studies/demo/task';
import { table } from '../../lib/cli/table';
import { buildEvaluationSets, neutralDocuments, PAD_ID } from '../../lib/organism';
import { loadModel } from '../../lib/models';
import { numberCell } from '../../lib/report';
import { baselineArm, type Kind, type Pairing } from '../../lib/studies/demo';
import { finetune, pairDistance } from '../../lib/soo';
import { torch } from '../../lib/torch';
import type { StepRecord } from '../../lib/training';

const { values: args } = parseArgs({
  options: {
    kind: { type: 'string', default: 'scenes' },
    pairs: { type: 'string', default: 'self' },
    lr: { type: 'string' },
    batch: { type: 'string' },
    epochs: { type: 'string' },
    seeds: { type: 'string', default: '101,102' },
    n: { type: 'string', default: '60' },
    model: { type: 'string', default: 'organism' },
  },
});

const percent = (share: number): string => (100 * share).toFixed(0);
const HEAD = [
  'seed',
  'epoch',
  'loss',
  'deceptive',
  'honest',
  'neither',
  'others',
  'self',
  'friend',
  'neutral',
  'question',
  'perspective',
];

async function main(): Promise<void> {
  torch.setNumThreads(1);
  const kind = args.kind as Kind;
  const usual = demoSettings({ quick: false, seeds: [1] }).tuning[kind];
  const settings = {
    ...usual,
    lr: Number(args.lr ?? usual.lr),
    batchSize: Number(args.batch ?? usual.batchSize),
    epochs: Number(args.epochs ?? usual.epochs),
  };
  const model = loadModel(args.model);
  const sets = buildEvaluationSets({ split: 'dev', n: Number(args.n), seed: 1 });
  const rows: string[][] = [];
  const measure = async (seed: number, epoch: number, distance: number): Promise<void> => {
    const { rates, latent } = await measureModel(model, sets);
    const arm = baselineArm(rates, latent);
    const { self, friend, neutral, question, perspective } = arm.accuracy;
    const kept = [self, friend, neutral, question, perspective].map(({ value }) => percent(value));
    const told = [arm.deceptive, arm.honest, arm.neither, arm.otherRivals.deceptive].map(percent);
    rows.push([String(seed), String(epoch), numberCell(distance), ...told, ...kept]);
  };
  for (const seed of args.seeds.split(',').map(Number)) {
    const pairing = args.pairs as Pairing;
    const pairs = pairsOf(kind, pairing, seed);
    const config = { ...configOf(model, settings, { kind, pairs: pairing, seed, beside: null }), untilShare: null };
    const perEpoch = Math.ceil(pairs.length / config.batch);
    const documents = neutralDocuments(perEpoch * CAPABILITY.documentsPerStep * config.epochs, seed);
    const neutral = documents.map(({ ids }) => ids);
    const onStep = async ({ microBatch }: StepRecord): Promise<void> => {
      if (microBatch % perEpoch !== 0) return;
      await measure(seed, microBatch / perEpoch, pairDistance(model, pairs, { config, padId: PAD_ID }));
      model.train();
    };
    const folder = mkdtempSync(join(tmpdir(), 'soo-torch-epochs-'));
    try {
      await finetune({ folder, model, pairs, neutral, config, padId: PAD_ID, inputs: {}, origin: {}, onStep });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  process.stdout.write(`${JSON.stringify({ kind, pairs: args.pairs, ...settings })}\n${table(HEAD, rows)}\n`);
}

void main();
