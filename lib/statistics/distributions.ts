/**
 * The distributions that intervals and tests are made of, to about 1e-12. Own code, as packages either lack them
 * (simple-statistics), stop at 1e-9 (jstat) or bring 234 packages along (@stdlib).
 */

/** Lanczos' coefficients for g = 7 and nine terms (Godfrey 2001). */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** log Gamma(x), x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const base = x - 1 + 7.5;
  const sum = LANCZOS.slice(1).reduce((total, term, i) => total + term / (x + i), LANCZOS[0]);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum);
}

const TINY = 1e-300;
const MOST_TERMS = 10_000;

/** A continued fraction b0 + a1 / (b1 + a2 / (b2 + ...)) by Lentz's method as Thompson and Barnett (1986) have it. */
function continuedFraction(b0: number, term: (i: number) => { a: number; b: number }): number {
  let value = b0 || TINY;
  let [c, d] = [value, 0];
  for (let i = 1; i < MOST_TERMS; i++) {
    const { a, b } = term(i);
    d = 1 / (b + a * d || TINY);
    c = b + a / c || TINY;
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return value;
}

/** The regularised incomplete beta function I_x(a, b): DLMF 8.17.22. */
export function regularisedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side of the middle only.
  if (x > (a + 1) / (a + b + 2)) return 1 - regularisedBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const fraction = continuedFraction(1, (i) => {
    const m = i >> 1;
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    return { a: i % 2 === 0 ? even : odd, b: 1 };
  });
  return front / fraction;
}

/** P(T > t) for Student's t. @param degrees of freedom, any number above 0 */
export function studentTail(t: number, degrees: number): number {
  const below = regularisedBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t >= 0 ? below : 1 - below;
}

/** Student's t that a share `p` lies below. @throws RangeError unless p is in (0, 1) and degrees above 0 */
export function studentQuantile(p: number, degrees: number): number {
  if (!(degrees > 0)) throw new RangeError(`studentQuantile: degrees of freedom must be above 0, got ${degrees}`);
  return symmetricQuantile('studentQuantile', p, (t) => studentTail(t, degrees));
}

/** P(Z > z) for the normal distribution, with all its digits however small: by erfc's fraction, or erf's series. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 3) return density / continuedFraction(z, (i) => ({ a: i, b: z }));
  let [sum, term] = [z, z];
  for (let i = 3; term > 1e-18 * sum; i += 2) sum += term *= (z * z) / i;
  return 0.5 - density * sum;
}

/** The z that a share `p` of the normal distribution lies below. @throws RangeError unless p is in (0, 1) */
export const normalQuantile = (p: number): number => symmetricQuantile('normalQuantile', p, normalTail);

/** Halves an interval until no number lies between its ends: slow and sure, and fast enough for what is asked of it. */
function symmetricQuantile(name: string, p: number, tail: (x: number) => number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`${name}: p must be in (0, 1), got ${p}`);
  if (p === 0.5) return 0;
  if (p < 0.5) return -symmetricQuantile(name, 1 - p, tail);
  let [low, high] = [0, 1];
  while (tail(high) > 1 - p) [low, high] = [high, 2 * high];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (tail(middle) > 1 - p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** log of the chance of `k` successes in `n` fair trials. */
export const logFairBinomial = (k: number, n: number): number =>
  logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) - n * Math.LN2;

const STEPS = 2000;

/**
 * P(T > t) for the noncentral t: the normal tail beyond t s - shift, averaged over the chi distribution of s by Simpson's
 * rule.
 * @param shift the noncentrality: an effect in units of its standard error
 */
export function noncentralTail(t: number, degrees: number, shift: number): number {
  const spread = 10 / Math.sqrt(2 * degrees);
  const [from, to] = [Math.max(0, 1 - spread), 1 + spread];
  const step = (to - from) / STEPS;
  const constant = Math.LN2 + (degrees / 2) * Math.log(degrees / 2) - logGamma(degrees / 2);
  const density = (s: number): number =>
    s === 0
      ? degrees === 1
        ? Math.exp(constant)
        : 0
      : Math.exp(constant + (degrees - 1) * Math.log(s) - (degrees * s * s) / 2);
  let sum = 0;
  for (let i = 0; i <= STEPS; i++) {
    const s = from + i * step;
    const weight = i === 0 || i === STEPS ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * density(s) * normalTail(t * s - shift);
  }
  return (sum * step) / 3;
}
