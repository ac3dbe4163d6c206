import { exponentText, fixedText } from './number-text';

/** As `torch.set_printoptions`. */
export interface PrintOptions {
  /** Digits after the point. */
  precision: number;
  /** Tensors with more entries are shortened to their edges. */
  threshold: number;
  /** Entries shown at each end of a shortened dimension. */
  edgeItems: number;
  lineWidth: number;
  /** Scientific notation always or never; left out, chosen by the values. */
  sciMode?: boolean;
}

export type Entry = number | bigint | boolean;

/**
 * The bracketed rows of a tensor of at least one entry, laid out as PyTorch does.
 *
 * @param shape the whole tensor's
 * @param values row-major; complex entries as real, imaginary, ...; of a shortened dimension only the edges
 * @param indent columns taken by what stands before the text
 */
export function valuesText(
  shape: readonly number[],
  dtype: string,
  values: readonly Entry[],
  indent: number,
  options: PrintOptions,
): string {
  const cells = dtype.startsWith('complex') ? complexCells(values, options) : realCells(dtype, values, options);
  const dims = shownDims(shape, options);
  const wanted = dims.reduce((product, dim) => product * dim.size, 1);
  if (cells.texts.length !== wanted) {
    throw new RangeError(`formatPrinted: expected ${wanted} entries, got ${cells.texts.length}`);
  }
  const perLine = (at: number): number => Math.max(1, Math.floor((options.lineWidth - at) / cells.width));
  return block(cells.texts, dims, indent, perLine);
}

interface ShownDim {
  /** Entries shown. */
  size: number;
  /** Whether the middle is left out. */
  cut: boolean;
}

/** Which part of each dimension is shown. */
export function shownDims(shape: readonly number[], options: PrintOptions): ShownDim[] {
  const long = shape.reduce((a, b) => a * b, 1) > options.threshold;
  const edges = 2 * options.edgeItems;
  return shape.map((size) => (long && size > edges ? { size: edges, cut: true } : { size, cut: false }));
}

function block(texts: string[], dims: ShownDim[], indent: number, perLine: (indent: number) => number): string {
  if (dims.length === 0) return texts[0];
  const [{ size, cut }, ...inner] = dims;
  const stride = texts.length / size;
  const parts = Array.from({ length: size }, (_, i) =>
    block(texts.slice(i * stride, (i + 1) * stride), inner, indent + 1, perLine),
  );
  // PyTorch's own spelling: the dots of a row carry a space, those between rows do not.
  if (cut) parts.splice(size / 2, 0, inner.length ? '...' : ' ...');
  const pad = ' '.repeat(indent + 1);
  if (inner.length) return `[${parts.join(`,${'\n'.repeat(inner.length)}${pad}`)}]`;
  const count = perLine(indent);
  const lines: string[] = [];
  for (let i = 0; i < parts.length; i += count) lines.push(parts.slice(i, i + count).join(', '));
  return `[${lines.join(`,\n${pad}`)}]`;
}

interface Cells {
  texts: string[];
  /** Columns that one entry and its comma take, by which lines are broken. */
  width: number;
}

function realCells(dtype: string, values: readonly Entry[], options: PrintOptions): Cells {
  const { width, texts } = /^b?float/.test(dtype) ? floatColumn(values.map(Number), options) : plainColumn(values);
  return { texts, width: width + 2 };
}

function complexCells(values: readonly Entry[], options: PrintOptions): Cells {
  const part = (odd: number): Column => floatColumn(values.filter((_, i) => i % 2 === odd).map(Number), options);
  const [real, imaginary] = [part(0), part(1)];
  const texts = real.texts.map((text, i) => {
    const tail = `${imaginary.texts[i].trimStart()}j`;
    return /^[+-]/.test(tail) ? text + tail : `${text}+${tail}`;
  });
  return { texts, width: real.width + imaginary.width + 3 };
}

interface Column {
  width: number;
  /** Right-aligned to the width; wider ones (nan among short numbers) stick out, as in PyTorch. */
  texts: string[];
}

function plainColumn(values: readonly Entry[]): Column {
  const raw = values.map((value) => (typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)));
  const width = Math.max(...raw.map((text) => text.length));
  return { width, texts: raw.map((text) => text.padStart(width)) };
}

// One notation for the whole tensor, chosen by its finite entries other than zero.
function floatColumn(values: number[], options: PrintOptions): Column {
  const telling = values.filter((value) => Number.isFinite(value) && value !== 0);
  const sizes = telling.map(Math.abs);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const whole = telling.every(Number.isInteger);
  const wild = telling.length > 0 && (most / least > 1000 || most > 1e8 || least < 1e-4);
  const scientific = telling.length > 0 && (options.sciMode ?? wild);
  const text = (value: number): string => {
    if (scientific) return exponentText(value, options.precision);
    if (!whole) return fixedText(value, options.precision);
    return fixedText(value, 0) + (Number.isFinite(value) ? '.' : '');
  };
  const width = Math.max(1, ...telling.map((value) => text(value).length));
  return { width, texts: values.map((value) => text(value).padStart(width)) };
}
