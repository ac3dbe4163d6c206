/**
 * Colours of the report. Charts name them as CSS variables, so that one drawing serves a light page, a dark one and
 * paper; in a PNG, which has no page around it, the light values stand in their place.
 *
 * The hues are those of Okabe and Ito (2008), which colour-blind readers tell apart; shapes differ as well.
 */
type Shades = readonly [light: string, dark: string];

export const PALETTE = {
  page: ['#ffffff', '#14171c'],
  panel: ['#f5f6f8', '#1d2128'],
  ink: ['#1b1f24', '#e8eaed'],
  faint: ['#5c6570', '#a4adb8'],
  line: ['#d7dbe0', '#39404a'],
  deceptive: ['#c14a00', '#ff9152'],
  honest: ['#00609c', '#63b7f2'],
  neither: ['#6b6f76', '#b3b8bf'],
  refusal: ['#00755a', '#45c9a5'],
  other: ['#6b6f76', '#b3b8bf'],
  truncated: ['#8a6100', '#e9b949'],
  self: ['#1b1f24', '#f4f5f7'],
  name: ['#00609c', '#63b7f2'],
  wording: ['#8a6100', '#e9b949'],
  random: ['#a8437f', '#e69ac6'],
  retention: ['#00755a', '#45c9a5'],
} as const satisfies Record<string, Shades>;

export type Colour = keyof typeof PALETTE;

/** A colour as charts and style sheets name it. */
export const colour = (name: Colour): string => `var(--${name})`;

const names = Object.keys(PALETTE) as Colour[];

/** The declarations of one shade of every colour. */
export const declarations = (shade: 'light' | 'dark'): string =>
  names.map((name) => `--${name}: ${PALETTE[name][shade === 'light' ? 0 : 1]};`).join(' ');

/** The same drawing in plain colours. */
export const inLightColours = (svg: string): string =>
  svg.replace(/var\(--([a-z]+)\)/g, (variable, name) => (PALETTE as Record<string, Shades>)[name]?.[0] ?? variable);
