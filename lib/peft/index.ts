export { addLora, loadLora } from './lora';
export { ADAPTER_FILES, LoraAdapter } from './lora-adapter';
export { parseLoraConfig, readLoraConfig, type LoraConfig } from './lora-config';
export { LoraLinear, type LoraShape } from './lora-linear';
export { PeftModel } from './peft-model';
export type { TargetChoice, TargetModules } from './target-modules';
