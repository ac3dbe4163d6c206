import { rasterise } from '../charts/draw';
import { drawingPackage } from '../drawing-packages';

const COLOURS = 255;
/** Beside the palette's colours: the pixel of the frame before stays. */
const UNCHANGED = COLOURS;
/** GIF's way of leaving a frame where it is while the next is drawn over it. */
const KEEP = 1;
/** How long the last frame stays. */
const LAST_MILLISECONDS = 1500;

/**
 * Drawings as an animated GIF that repeats for ever. Each frame holds what has changed since the one before.
 * @param milliseconds how long a frame stays; GIF counts in hundredths of a second
 * @throws MissingPackages
 */
export function renderGif(drawings: readonly string[], milliseconds: number): Uint8Array {
  // It and the renderer are loaded by those who draw.
  const { applyPalette, GIFEncoder, quantize } = drawingPackage(() => require('gifenc') as typeof import('gifenc'));
  const frames = drawings.map((svg) => rasterise(svg, 1));
  const pixels = frames.map((frame) => new Uint8Array(frame.pixels));
  const palette = quantize(joined([pixels[0], pixels[pixels.length >> 1], pixels[pixels.length - 1]]), COLOURS);
  while (palette.length <= UNCHANGED) palette.push([0, 0, 0]);
  const encoder = GIFEncoder();
  let before: Uint8Array | undefined;
  for (const [index, { width, height }] of frames.entries()) {
    const colours = applyPalette(pixels[index], palette.slice(0, COLOURS));
    encoder.writeFrame(before ? changes(before, colours) : colours, width, height, {
      palette: before ? undefined : palette,
      delay: index === frames.length - 1 ? LAST_MILLISECONDS : milliseconds,
      transparent: before !== undefined,
      transparentIndex: UNCHANGED,
      dispose: KEEP,
    });
    before = colours;
  }
  encoder.finish();
  return encoder.bytes();
}

function changes(before: Uint8Array, now: Uint8Array): Uint8Array {
  return now.map((colour, i) => (colour === before[i] ? UNCHANGED : colour));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
