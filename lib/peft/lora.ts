import type { AnyModule } from '../nn';
import type { LoraAdapter } from './lora-adapter';
import type { LoraConfig } from './lora-config';
import type { AdapterPrecision } from './lora-layer';
import { PeftModel, type LoadAdapterOptions } from './peft-model';

/** The name that PEFT gives an adapter when it is given none. */
const DEFAULT = 'default';

/** Puts a fresh LoRA adapter on a model: {@link PeftModel.addAdapter} for one adapter. */
export function addLora(model: AnyModule, config: LoraConfig, precision: AdapterPrecision = {}): LoraAdapter {
  return PeftModel.of(model).addAdapter(DEFAULT, config, precision);
}

/** Puts a saved adapter on a model: {@link PeftModel.loadAdapter} for one adapter. */
export function loadLora(model: AnyModule, folder: string, options: LoadAdapterOptions = {}): LoraAdapter {
  return PeftModel.of(model).loadAdapter(DEFAULT, folder, options);
}
