import { noGrad } from './autograd';
import { formatPrinted, PRINT_DEFAULTS } from './format-text';
import { shownDims, type Entry, type PrintOptions } from './format-values';
import { op } from './operators';
import { requireOptions } from './options';
import { scope } from './scope';
import type { Tensor } from './tensor';

const KNOWN = { precision: true, threshold: true, edgeItems: true, lineWidth: true, sciMode: true } as const;

/** The text that Python's `repr` gives for the same tensor, `tensor([[1., 2.]], requires_grad=True)`. */
export function formatTensor(tensor: Tensor, given: Partial<PrintOptions> = {}): string {
  requireOptions('formatTensor', given, KNOWN);
  const options = { ...PRINT_DEFAULTS, ...given };
  const { shape, dtype, layout, requiresGrad } = tensor;
  const values = scope(() => noGrad(() => shownValues(tensor, options)));
  const gradFn = tensor.gradFn ?? undefined;
  return formatPrinted({ shape, dtype, device: String(tensor.device), layout, requiresGrad, gradFn, values }, options);
}

// Only what is shown leaves the device: printing a large tensor copies a few rows of it.
function shownValues(tensor: Tensor, options: PrintOptions): Entry[] | null {
  if (tensor.device.type === 'meta' || tensor.layout !== 'strided' || /^qu?int/.test(tensor.dtype)) return null;
  if (tensor.numel() === 0) return [];
  let shown = tensor.detach();
  shownDims(tensor.shape, options).forEach(({ size, cut }, dim) => {
    if (!cut) return;
    const [edge, whole] = [size / 2, tensor.shape[dim]];
    const cat = op('cat') as (tensors: readonly Tensor[], dim: number) => Tensor;
    shown = cat([shown.narrow(dim, 0, edge), shown.narrow(dim, whole - edge, edge)], dim);
  });
  if (shown.dtype.startsWith('complex')) shown = shown.resolveConj().viewAsReal();
  if (shown.dtype.startsWith('float8')) shown = shown.to('float32');
  const entries: Iterable<Entry> = shown.to('cpu').toTypedArray();
  return tensor.dtype === 'bool' ? Array.from(entries, Boolean) : [...entries];
}
