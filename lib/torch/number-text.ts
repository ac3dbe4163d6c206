/**
 * Numbers as Python's format() writes them. JavaScript differs in three ways: exact ties round up instead of to even,
 * -0 loses its sign, and exponents are not padded.
 */

// Beyond the asked digits enough are looked at to tell an exact tie from a near one: a double has no more.
const LOOKAHEAD = 60;

/** Python's `f"{x:.{digits}f}"` */
export function fixedText(x: number, digits: number): string {
  if (!Number.isFinite(x)) return nonFiniteText(x);
  const size = Math.abs(x);
  const sign = isNegative(x) ? '-' : '';
  // From 1e21 toFixed turns to exponents; such numbers are whole.
  if (size >= 1e21) return sign + BigInt(size).toString() + (digits ? `.${'0'.repeat(digits)}` : '');
  const long = size.toFixed(Math.min(100, digits + LOOKAHEAD));
  const cut = long.indexOf('.') + 1 + digits;
  const down = digits ? long.slice(0, cut) : long.slice(0, cut - 1);
  return sign + (staysDown(down, long.slice(cut)) ? down : size.toFixed(digits));
}

/** Python's `f"{x:.{digits}e}"` */
export function exponentText(x: number, digits: number): string {
  if (!Number.isFinite(x)) return nonFiniteText(x);
  const size = Math.abs(x);
  const [long, longExponent] = size.toExponential(Math.min(100, digits + LOOKAHEAD)).split('e');
  const cut = digits + 2;
  const down = digits ? long.slice(0, cut) : long.slice(0, 1);
  const rounded = size.toExponential(digits).split('e');
  const [mantissa, exponent] = staysDown(down, long.slice(cut)) ? [down, longExponent] : rounded;
  const power = exponent.slice(1).padStart(2, '0');
  return `${isNegative(x) ? '-' : ''}${mantissa}e${exponent[0]}${power}`;
}

function staysDown(kept: string, rest: string): boolean {
  return /^50*$/.test(rest) && '02468'.includes(kept[kept.length - 1]);
}

function isNegative(x: number): boolean {
  return x < 0 || Object.is(x, -0);
}

function nonFiniteText(x: number): string {
  if (Number.isNaN(x)) return 'nan';
  return x > 0 ? 'inf' : '-inf';
}
