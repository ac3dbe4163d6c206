export { addLora, loadLora, LoraAdapter } from './lora';
export { parseLoraConfig, readLoraConfig, type LoraConfig } from './lora-config';
export { LoraLinear, type LoraShape } from './lora-linear';
export type { TargetModules } from './target-modules';
