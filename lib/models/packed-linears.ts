import { Linear, type AnyModule } from '../nn';

/**
 * Packs the frozen weights of a model's linear layers, one layer after the other, until what comes back is disposed of.
 * Layers that cannot be packed, or that already are, stay as they are.
 */
export function packLinears(model: AnyModule): Disposable {
  const packed: Linear[] = [];
  for (const [, module] of model.namedModules()) {
    if (module instanceof Linear && !module.packed && module.pack()) packed.push(module);
  }
  return {
    [Symbol.dispose]() {
      for (const linear of packed) linear.unpack();
    },
  };
}
