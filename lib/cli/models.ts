import { cachedModels, hubSettings, type CachedEntry } from '../hub';
// Straight from its folder: the index loads the addon.
import { modelTypes } from '../models/families';
import type { Result } from './command';
import { bytesText } from './progress';
import { table } from './table';

export const worksWithoutAddon = true;

/** Of a commit, what tells it from others to people. */
const SHORT = 12;

export function define(): void {
  // Nothing to ask: what can be loaded, and what is here.
}

/** `soo models`: the families that can be loaded, and the models in the cache. */
export function run(): Result {
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
