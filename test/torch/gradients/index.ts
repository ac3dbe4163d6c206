import type { GradientCase } from './drawing';
import { elementwise } from './elementwise';
import { indexing } from './indexing';
import { layers } from './layers';
import { products } from './products';
import { reductions } from './reductions';
import { shapes } from './shapes';

export { Drawing, type GradientCase } from './drawing';

/** One entry for each operator: its name, the shapes (or the makers) of its inputs, and the call. */
export const cases: readonly GradientCase[] = [
  ...elementwise,
  ...reductions,
  ...products,
  ...shapes,
  ...indexing,
  ...layers,
];
