export { addLora, loadLora } from './lora';
export { ADAPTER_FILES, LoraAdapter } from './lora-adapter';
export { parseLoraConfig, readLoraConfig, type LoraConfig } from './lora-config';
export { LoraEmbedding } from './lora-embedding';
export type { AdapterPrecision, LoraShape } from './lora-layer';
export { LoraLinear } from './lora-linear';
export { PeftModel, type LoadAdapterOptions } from './peft-model';
export type { TargetChoice, TargetModules } from './target-modules';
