import { valuesText, type Entry, type PrintOptions } from './format-values';

export const PRINT_DEFAULTS: PrintOptions = { precision: 4, threshold: 1000, edgeItems: 3, lineWidth: 80 };

/** What printing needs to know of a tensor. */
export interface PrintedTensor {
  shape: readonly number[];
  /** `float32`, `int64`, ... */
  dtype: string;
  /** `cpu` goes without saying. */
  device?: string;
  /** `strided` goes without saying. */
  layout?: string;
  requiresGrad?: boolean;
  /** Name of the function that made the tensor: `AddBackward0`. */
  gradFn?: string;
  /** As `valuesText` takes them; null when there are none to read (meta, sparse and quantised tensors). */
  values: readonly Entry[] | null;
}

/** The text that Python's `repr` gives for a tensor, from plain data: `tensor([[1., 2.]], requires_grad=True)`. */
export function formatPrinted(printed: PrintedTensor, given: Partial<PrintOptions> = {}): string {
  const options = { ...PRINT_DEFAULTS, ...given };
  const { shape, dtype, values } = printed;
  const prefix = 'tensor(';
  let body = '...';
  if (shape.includes(0)) body = '[]';
  else if (values) body = valuesText(shape, dtype, values, prefix.length, options);
  return withSuffixes(prefix + body, suffixes(printed), prefix.length, options.lineWidth);
}

const UNSAID = ['float32', 'complex64', 'int64', 'bool'];

function suffixes({
  shape,
  dtype,
  device = 'cpu',
  layout = 'strided',
  requiresGrad,
  gradFn,
  values,
}: PrintedTensor): string[] {
  const empty = shape.includes(0);
  const parts: string[] = [];
  if (device !== 'cpu') parts.push(`device='${device}'`);
  if (values === null || (empty && shape.length !== 1)) parts.push(`size=${sizeText(shape)}`);
  // Without entries nothing else would tell that integers are integers.
  const unsaid = empty || values === null ? ['float32'] : UNSAID;
  if (!unsaid.includes(dtype)) parts.push(`dtype=torch.${dtype}`);
  if (layout !== 'strided') parts.push(`layout=torch.${layout}`);
  if (gradFn) parts.push(`grad_fn=<${gradFn}>`);
  else if (requiresGrad) parts.push('requires_grad=True');
  return parts;
}

function sizeText(shape: readonly number[]): string {
  return `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
}

function withSuffixes(text: string, parts: string[], indent: number, lineWidth: number): string {
  let out = text;
  let lineLength = text.length - text.lastIndexOf('\n') + 1;
  for (const part of parts) {
    if (lineLength + part.length + 2 > lineWidth) {
      out += `,\n${' '.repeat(indent)}${part}`;
      lineLength = indent + part.length;
    } else {
      out += `, ${part}`;
      lineLength += part.length + 2;
    }
  }
  return `${out})`;
}
