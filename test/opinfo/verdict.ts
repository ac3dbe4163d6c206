import { Tensor } from '../../lib/torch';

/** How a value compares with PyTorch's. `close`: not the same bits, and within a few roundings. */
export interface Verdict {
  kind: 'equal' | 'close' | 'different';
  detail: string;
}

const EQUAL: Verdict = { kind: 'equal', detail: '' };
const different = (detail: string): Verdict => ({ kind: 'different', detail });

const TOLERANCE: readonly [RegExp, number][] = [
  [/^b?float16|^complex32/, 2e-2],
  [/^float32|^complex64/, 1e-4],
  [/./, 1e-9],
];

export function worst(verdicts: readonly Verdict[]): Verdict {
  const of = (kind: Verdict['kind']) => verdicts.find((verdict) => verdict.kind === kind);
  return of('different') ?? of('close') ?? EQUAL;
}

const isSame = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) || a === b || (typeof a !== 'object' && String(a) === String(b));

/** @param shapeOnly the elements are random or unset */
export function compare(got: unknown, wanted: unknown, shapeOnly: boolean): Verdict {
  if (wanted instanceof Tensor) return got instanceof Tensor ? tensors(got, wanted, shapeOnly) : different('no tensor');
  if (Array.isArray(wanted)) {
    if (!Array.isArray(got) || got.length !== wanted.length) return different('lists of other lengths');
    return worst(wanted.map((each, i) => compare(got[i], each, shapeOnly)));
  }
  if (typeof wanted === 'object' && wanted !== null) return parts(got, wanted);
  return shapeOnly || isSame(got, wanted) ? EQUAL : different(`${String(got)} where PyTorch gives ${String(wanted)}`);
}

function parts(got: unknown, wanted: object): Verdict {
  const same = Object.entries(wanted).every(([name, value]) => isSame((got as Record<string, unknown>)?.[name], value));
  return same ? EQUAL : different('another complex number');
}

function tensors(got: Tensor, wanted: Tensor, shapeOnly: boolean): Verdict {
  const text = (tensor: Tensor) => `${tensor.dtype} [${tensor.shape.join(', ')}]`;
  if (text(got) !== text(wanted)) return different(`${text(got)} where PyTorch gives ${text(wanted)}`);
  if (shapeOnly || Buffer.compare(got.bytes(), wanted.bytes()) === 0) return EQUAL;
  const tolerance = TOLERANCE.find(([dtypes]) => dtypes.test(got.dtype))?.[1] ?? 0;
  const [a, b] = [numbers(got), numbers(wanted)];
  const distance = (value: number, i: number) =>
    Object.is(value, b[i]) || value === b[i] ? 0 : Math.abs(value - b[i]) / Math.max(1, Math.abs(b[i]));
  const distances = a.map(distance);
  if (distances.every((each) => each === 0)) return EQUAL; // zeros of another sign, or NaN of other bits
  const most = Math.max(...distances.map((each) => (Number.isNaN(each) ? Infinity : each)));
  return most <= tolerance ? { kind: 'close', detail: `off by ${most}` } : different(`${text(got)} off by ${most}`);
}

function numbers(tensor: Tensor): number[] {
  return Array.from(tensor.detach().toTypedArray() as ArrayLike<number | bigint>, Number);
}
