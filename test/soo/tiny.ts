/** The tiny model beside the parity numbers, with or without its adapter. */
import { join } from 'node:path';
import type { LanguageModel } from '../../lib/models';
import { addLora, loadLora, type LoraAdapter } from '../../lib/peft';
import { loadModel, torch } from '../device';

const folder = (name: string): string => join(__dirname, '..', 'parity', 'models', name);

export const tinyModel = (): LanguageModel => loadModel(folder('tiny'), { dtype: 'float32' });

/** With the saved adapter, whose B is not zero. */
export function tunedTiny(): { model: LanguageModel; adapter: LoraAdapter } {
  const model = tinyModel();
  return { model, adapter: loadLora(model, folder('tiny-adapter'), { dropout: 0 }) };
}

/** With a fresh adapter, which changes nothing yet. */
export function freshTiny(seed = 1, dropout = 0): { model: LanguageModel; adapter: LoraAdapter } {
  const model = tinyModel();
  torch.manualSeed(seed);
  return { model, adapter: addLora(model, { r: 4, alpha: 8, dropout, targetModules: ['q_proj', 'v_proj'] }) };
}
