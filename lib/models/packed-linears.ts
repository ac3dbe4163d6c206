import { Linear, type AnyModule } from '../nn';

/**
 * Lays out the frozen weights of a model's linear layers for inputs of `rows` rows, one layer after the other, until
 * what comes back is disposed of. Layers that cannot be packed, or that already are, stay as they are.
 */
export function packLinears(model: AnyModule, rows: number): Disposable {
  const packed: Linear[] = [];
  for (const [, module] of model.namedModules()) {
    if (module instanceof Linear && !module.packed && module.pack({ rows })) packed.push(module);
  }
  return {
    [Symbol.dispose]() {
      for (const linear of packed) linear.unpack();
    },
  };
}
