/**
 * Models by name: the cache of huggingface_hub, and the hub behind it.
 *
 * - `resolveModel('HuggingFaceTB/SmolLM2-135M-Instruct')` gives the folder, the name and the commit; a path stays a path.
 * - `fetchModel(name)` brings the cache to the newest commit; `cachedModels()` tells what is in it.
 */
export { cachedModels, type CachedEntry } from './cached-models';
export type { DownloadProgress } from './download';
export { parseModelName, type ModelName } from './model-name';
export { HubError } from './requests';
export { fetchModel, resolveModel, type FetchedModel, type ResolvedModel, type ResolveOptions } from './resolve';
export { hubSettings, type HubSettings } from './settings';
