/** What is used of gifenc, which comes without declarations. */
declare module 'gifenc' {
  export type Palette = [number, number, number][];
  /** The palette that fits RGBA pixels best. */
  export function quantize(rgba: Uint8Array, colours: number): Palette;
  /** The palette's index of each pixel. `rgba` must begin its buffer. */
  export function applyPalette(rgba: Uint8Array, palette: Palette): Uint8Array;
  export interface Encoder {
    writeFrame(
      indices: Uint8Array,
      width: number,
      height: number,
      options: { palette?: Palette; delay: number; transparent: boolean; transparentIndex: number; dispose: number },
    ): void;
    finish(): void;
    bytes(): Uint8Array;
  }
  export function GIFEncoder(): Encoder;
}
