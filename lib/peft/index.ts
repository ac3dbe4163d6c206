export { addLora, loadLora } from './lora';
export { ADAPTER_FILES, LoraAdapter } from './lora-adapter';
export { parseLoraConfig, readLoraConfig, type LoraConfig } from './lora-config';
export { LoraEmbedding } from './lora-embedding';
export type { LoraShape } from './lora-layer';
export { LoraLinear } from './lora-linear';
export { PeftModel } from './peft-model';
export type { TargetChoice, TargetModules } from './target-modules';
