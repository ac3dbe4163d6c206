import { Option, type Command } from 'commander';
import { z } from 'zod';
import { cachedModels, hubSettings, type CachedEntry } from '../hub';
// Straight from its folder: the index loads the addon.
import { modelTypes } from '../models/families';
import { checked, InputError, type Result } from './command';
import { SPREADS } from '../models/device-map/plan';
import { showPlan } from './device-plan';
import { byteSizes, integer } from './options';
import { bytesText } from './progress';
import { table } from './table';

export const worksWithoutAddon = true;

/** Of a commit, what tells it from others to people. */
const SHORT = 12;

const DTYPES = ['float32', 'float64', 'float16', 'bfloat16'] as const;

const optionsSchema = z.object({
  plan: z.string().optional(),
  devices: z.array(z.number()).optional(),
  deviceMap: z.enum(SPREADS).default('auto'),
  dtype: z.enum(DTYPES).optional(),
  quantize: z.literal('nf4').optional(),
  tokens: z.number().default(1024),
});

export function define(command: Command): void {
  command
    .option('--plan <model>', 'show how a model would lie on --devices: a folder, a name on the hub, or 7b, 27b, 78b')
    .option('--devices <sizes>', 'with --plan: sizes such as 48GB or 24GB,24GB', byteSizes)
    .addOption(
      new Option(
        '--device-map <how>',
        'with --plan: auto (the fewest devices; the default), balanced (all alike)',
      ).choices(SPREADS),
    )
    .addOption(new Option('--dtype <name>', "with --plan: of weights (default: the checkpoint's own)").choices(DTYPES))
    .addOption(new Option('--quantize <type>', 'with --plan: linear layers in four bits').choices(['nf4']))
    .option(
      '--tokens <n>',
      'with --plan: tokens of a batch for which there is to be room (default: 1024)',
      integer({ min: 0 }),
    );
}

/** `soo models`: the families that can be loaded, and the models in the cache; with --plan where a model would lie. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const { plan, devices, deviceMap: how, ...options } = checked(optionsSchema, given);
  if (plan === undefined && devices === undefined) return listed();
  if (plan === undefined) throw new InputError('--devices: goes with --plan');
  if (devices === undefined) throw new InputError('--plan: wants --devices, such as 48GB or 24GB,24GB');
  return showPlan({ ...options, plan, how, devices: devices.map((bytes, i) => ({ device: `cuda:${i}`, bytes })) });
}

function listed(): Result {
  const { cache } = hubSettings();
  const models = cachedModels({ cache }).map((entry) => ({ ...entry, known: isKnown(entry) }));
  const known = `model types that can be loaded: ${modelTypes.join(', ')}`;
  const here = models.length === 0 ? `no models in ${cache}` : `models in ${cache}:\n${tableOf(models)}`;
  return { json: { families: modelTypes, cache, models }, text: `${known}\n\n${here}` };
}

/** Whether its model type is one that can be loaded; null where nothing says which it has. */
const isKnown = ({ modelType }: CachedEntry): boolean | null =>
  modelType === null ? null : modelTypes.includes(modelType);

function tableOf(models: readonly (CachedEntry & { known: boolean | null })[]): string {
  const rows = models.map(({ name, revision, refs, bytes, modelType, known, ...entry }) => [
    name,
    [revision?.slice(0, SHORT) ?? '-', ...refs].join(' '),
    bytesText(bytes),
    [modelType ?? (entry.ggufs.length > 0 ? entry.ggufs.join(', ') : '-'), ...(known === false ? ['(not known)'] : [])].join(' '), // prettier-ignore
    entry.complete ? 'whole' : `lacks ${entry.missing.join(', ') || 'its files'}`,
  ]);
  return table(['model', 'revision', 'size', 'type', 'state'], rows);
}
