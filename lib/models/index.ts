export type { DecodingSession, ForwardOptions, GenerativeModel } from './causal-lm';
export { CachedDecoding, padLeft, type PaddedBatch } from './cached-decoding';
export { generate, type GenerateOptions } from './generate';
export { KvCache, type KvCacheShape } from './kv-cache';
export { Mistral } from './mistral';
export { parseMistralConfig, readMistralConfig, type MistralConfig, type MistralShape } from './mistral-config';
export type { LoadOptions } from './mistral-weights';
