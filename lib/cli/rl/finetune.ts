import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { ownFolder } from '../../files/folders';
import { hashFile, originOf } from '../../training';
import {
  evaluate,
  finetune,
  maddpg,
  openTrained,
  OVERLAPS,
  overlap as tuning,
  pairOf,
  physicalDeception,
  playSeed,
} from '../../rl';
import { checked, InputError, type Result } from '../command';
import { decimal } from '../options';
import { makeFolder } from '../out-folder';
import { ROOT } from '../package-root';
import { table } from '../table';
import { settingOf } from './setting-options';
import { EVALUATION, trainingJson, watchTraining } from './training-output';

export const defaultThreads = 1;

/** Of `--out`: gets the control's run. */
const CONTROL = 'control';
/** With this many worlds upstream's rounds come, as they do there, at the last step of every second episode. */
const UPSTREAM_WORLDS = 2;

const { episodes, seed, worlds } = maddpg.maddpgSchema.shape;
const { weight, referenceWeight, flagsZeroed } = tuning.overlapSchema.shape;
const CLEAN = tuning.CLEAN_OVERLAP;

const optionsSchema = z.object({
  from: z.string().min(1, 'must name a folder'),
  out: z.string().min(1, 'must name a folder'),
  overlap: z.union([z.enum(OVERLAPS), z.literal(false)]).default(CLEAN.what),
  overlapWeight: weight.default(CLEAN.weight),
  referenceWeight: referenceWeight.default(CLEAN.referenceWeight),
  flagsZeroed: flagsZeroed.default(CLEAN.flagsZeroed),
  preset: z.enum(['upstream', 'clean']).optional(),
  rl: z.boolean(),
  freezeOpponent: z.boolean().default(false),
  episodes: episodes.default(tuning.FINETUNING_EPISODES),
  seed: seed.optional(),
  worlds: worlds.optional(),
  resume: z.boolean().default(false),
});
type FinetuneOptions = z.infer<typeof optionsSchema>;

export function define(command: Command): void {
  command
    .requiredOption('--from <dir>', 'folder of `soo rl train`, whose agents are fine-tuned')
    .requiredOption('--out <dir>', 'gets agents.safetensors, run.json, episodes.jsonl, TensorBoard files, and control/')
    .addOption(
      new Option('--overlap <what>', 'bring hidden activations (default) or actions together').choices([...OVERLAPS]),
    )
    .option('--no-overlap', 'only the control: the same run, and no step towards overlap')
    .option('--overlap-weight <x>', 'weight of the overlap loss; below 0 drives apart (default: 1)', decimal())
    .option(
      '--reference-weight <x>',
      "weight of the term that keeps blue's actions as before (default: 1)",
      decimal({ min: 0 }),
    )
    .addOption(
      new Option(
        '--flags-zeroed <where>',
        'hide from blue that red is trapped where red is imagined (other, default), or also where it is not (both)',
      ).choices(flagsZeroed.options),
    )
    .addOption(
      new Option(
        '--preset <name>',
        "upstream: one observation a round, and every quirk of the paper's code; clean: neither (default: the quirks of the training)",
      ).choices(['upstream', 'clean']),
    )
    .option('--no-rl', 'learn from nothing but the overlap')
    .option('--freeze-opponent', 'red stays as it is')
    .option('--episodes <n>', 'episodes of 50 steps (default: 10000)', settingOf(episodes))
    .option(
      '--seed <n>',
      "draws worlds, noise, batches and where red is imagined (default: the training's)",
      settingOf(seed),
    )
    .option(
      '--worlds <n>',
      "worlds that are stepped together (default: the training's; 2 with upstream)",
      settingOf(worlds),
    )
    .option('--resume', 'continue the run in the folder');
}

/** `soo rl finetune`: goes on with trained agents, with steps towards overlap and, as a control, without. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const options = checked(optionsSchema, given);
  const { from, out, resume, freezeOpponent } = options;
  const overlap = overlapOf(options);
  if (!overlap && !options.rl) throw new InputError('--no-overlap and --no-rl: nothing would be learned');
  const { config, learners, before } = begin(options);
  makeFolder(out);
  const fromHash = hashFile(join(from, maddpg.AGENTS_FILE));
  const origin = originOf(ROOT, ['soo', 'rl', 'finetune', ...process.argv.slice(4)]);
  const common = { from, fromHash, config, freezeOpponent, resume, origin };
  const tune = async (folder: string, toward: tuning.OverlapConfig | null): Promise<Arm> => {
    const command = toward ? 'rl finetune' : 'rl finetune, control';
    const watched = await watchTraining({ command, out: folder, config }, (hooks) =>
      finetune({ ...common, ...hooks, folder, overlap: toward }),
    );
    const measured = measure(folder, config.seed);
    const { overlap: overlapAfter, overlapMatchedFlags: overlapMatchedFlagsAfter, ...after } = measured;
    const overlaps = { overlapBefore: before.overlap, overlapAfter, overlapMatchedFlagsAfter };
    return { json: { ...trainingJson(watched, config, learners), ...after, ...overlaps, out: folder }, measured };
  };
  const tuned = await tune(out, overlap);
  // Without rewards the control has nothing to learn from: it is what `before` tells of.
  const control = overlap?.reinforce ? await tune(ownFolder(out, CONTROL), null) : null;
  return {
    json: { ...tuned.json, overlap, before, control: control?.json ?? null },
    text: textOf(out, [
      ['before', before],
      [overlap ? 'overlap' : 'control', tuned.measured],
      ...(control ? [['control', control.measured] as const] : []),
    ]),
  };
}

interface Arm {
  json: object;
  measured: Measured;
}

/** What fine-tuning starts from, and with what settings it goes on. */
function begin(options: FinetuneOptions): { config: maddpg.MaddpgConfig; learners: number; before: Measured } {
  const { agents, config: trained, opponent } = openTrained(options.from, physicalDeception);
  agents.dispose();
  const config = configOf(options, trained);
  const learners = opponent === 'follower' || options.freezeOpponent ? 1 : 2;
  return { config, learners, before: measure(options.from, config.seed) };
}

function configOf(
  { preset, episodes, seed, worlds }: FinetuneOptions,
  trained: maddpg.MaddpgConfig,
): maddpg.MaddpgConfig {
  const { scaledActions, tripleNoise, bootstrapThroughTimeLimit } = preset ? maddpg.PRESETS[preset] : trained;
  return {
    ...trained,
    scaledActions,
    tripleNoise,
    bootstrapThroughTimeLimit,
    episodes,
    seed: seed ?? trained.seed,
    worlds: worlds ?? (preset === 'upstream' ? UPSTREAM_WORLDS : trained.worlds),
  };
}

function overlapOf(options: FinetuneOptions): tuning.OverlapConfig | null {
  const { overlap: what, overlapWeight: weight, referenceWeight, flagsZeroed, preset = 'clean', rl } = options;
  if (what === false) return null;
  return { ...tuning.OVERLAP_PRESETS[preset], what, weight, referenceWeight, flagsZeroed, reinforce: rl };
}

interface Measured {
  evaluationEpisodes: number;
  trapRate: number;
  goalSteps: number;
  deceptiveMoveRate: number;
  returns: Record<string, number>;
  /** Means of log distances, in upstream's definition and with matched trap flags. */
  overlap: number;
  overlapMatchedFlags: number;
}

/** What the agents of a folder do without noise in episodes that are drawn with another seed than `seed`. */
function measure(folder: string, seed: number): Measured {
  const trained = openTrained(folder, physicalDeception);
  const { episodes, seedOffset } = EVALUATION;
  const { reward, config } = trained;
  const plan = { reward, episodes, episodeLength: config.episodeLength, seed: seed + seedOffset };
  const of = evaluate([playSeed(pairOf(trained), plan)]);
  trained.agents.dispose();
  return {
    evaluationEpisodes: episodes,
    trapRate: of.trapRate.mean,
    goalSteps: of.goalSteps.mean,
    deceptiveMoveRate: of.deceptiveMoveRate.mean,
    returns: Object.fromEntries(Object.entries(of.returns).map(([name, { mean }]) => [name, mean])),
    overlap: of.overlap.mean,
    overlapMatchedFlags: of.overlapMatchedFlags.mean,
  };
}

function textOf(out: string, arms: readonly (readonly [name: string, measured: Measured])[]): string {
  const row = (name: string, cell: (of: Measured) => string): string[] => [name, ...arms.map(([, of]) => cell(of))];
  const rows = [
    row('red trapped', ({ trapRate }) => `${(100 * trapRate).toFixed(1)}%`),
    row('deceptive moves in sight', ({ deceptiveMoveRate }) => `${(100 * deceptiveMoveRate).toFixed(1)}%`),
    row('observations at the goal', ({ goalSteps }) => goalSteps.toFixed(1)),
    row('overlap', ({ overlap }) => overlap.toFixed(2)),
    row('overlap, matched flags', ({ overlapMatchedFlags }) => overlapMatchedFlags.toFixed(2)),
  ];
  const [[, { evaluationEpisodes }]] = arms;
  return [
    table([`${evaluationEpisodes} episodes without noise`, ...arms.map(([name]) => name)], rows),
    `The agents are in ${out}`,
  ].join('\n');
}
