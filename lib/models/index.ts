export type { DecodingSession, DecodingWork, ForwardOptions, GenerativeModel } from './causal-lm';
export { CachedDecoding, padLeft, type PaddedBatch } from './cached-decoding';
export { generate, streamGenerate } from './generate';
export type { GeneratedToken, GenerateOptions, StreamOptions } from './generate';
export { KvCache, type KvCacheShape } from './kv-cache';
export { Mistral } from './mistral';
export type { SamplingOptions } from './sampling';
export { parseMistralConfig, readMistralConfig, type MistralConfig, type MistralShape } from './mistral-config';
export type { LoadOptions } from './mistral-weights';
