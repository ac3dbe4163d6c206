/** How shares are written. */

/** A share as `12%`. */
export const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;

/** A share as `12.3`: percent with one more digit, where a heading or the text says what it is. */
export const percentPoints = (share: number): string => (100 * share).toFixed(1);
