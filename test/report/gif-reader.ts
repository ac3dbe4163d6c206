/** Reads animated GIFs as their specification (GIF89a) says, as far as a film needs it. */
export interface Gif {
  width: number;
  height: number;
  /** How often it repeats; 0 is for ever. */
  repeats: number | undefined;
  frames: { milliseconds: number; /** RGB of the whole picture once the frame is drawn. */ rgb: Uint8Array }[];
}

export function readGif(bytes: Uint8Array): Gif {
  const data = Buffer.from(bytes);
  if (data.toString('latin1', 0, 6) !== 'GIF89a') throw new Error('not a GIF');
  const [width, height, flags] = [data.readUInt16LE(6), data.readUInt16LE(8), data[10]];
  if (!(flags & 0x80)) throw new Error('no global palette');
  const colours = 2 ** ((flags & 7) + 1);
  const palette = data.subarray(13, 13 + colours * 3);
  const gif: Gif = { width, height, repeats: undefined, frames: [] };
  const canvas = new Uint8Array(width * height * 3);
  let at = 13 + colours * 3;
  let control = { milliseconds: 0, transparent: -1 };
  const blocks = (): Buffer => {
    const parts: Buffer[] = [];
    for (; data[at] !== 0; at += data[at] + 1) parts.push(data.subarray(at + 1, at + 1 + data[at]));
    at++;
    return Buffer.concat(parts);
  };
  while (data[at] !== 0x3b) {
    if (data[at] === 0x21) {
      const kind = data[at + 1];
      at += 2;
      const content = blocks();
      if (kind === 0xff && content.toString('latin1', 0, 8) === 'NETSCAPE') gif.repeats = content.readUInt16LE(12);
      if (kind === 0xf9 && ((content[0] >> 2) & 7) !== 1) throw new Error('a frame that does not stay for the next');
      if (kind === 0xf9)
        control = { milliseconds: content.readUInt16LE(1) * 10, transparent: content[0] & 1 ? content[3] : -1 };
    } else if (data[at] === 0x2c) {
      const place = [1, 3, 5, 7].map((offset) => data.readUInt16LE(at + offset));
      if (String(place) !== String([0, 0, width, height]) || data[at + 9] & 0x80) throw new Error('a partial frame');
      const codeSize = data[at + 10];
      at += 11;
      unpack(blocks(), codeSize, width * height).forEach((colour, i) => {
        if (colour !== control.transparent) canvas.set(palette.subarray(colour * 3, colour * 3 + 3), i * 3);
      });
      gif.frames.push({ milliseconds: control.milliseconds, rgb: canvas.slice() });
    } else throw new Error(`byte ${data[at]} at ${at}`);
  }
  return gif;
}

/** LZW with codes of growing width. */
function unpack(data: Buffer, codeSize: number, count: number): Uint8Array {
  const [clear, end] = [2 ** codeSize, 2 ** codeSize + 1];
  const out = new Uint8Array(count);
  let table: number[][] = [];
  let [bit, width, filled] = [0, codeSize + 1, 0];
  let before: number[] | undefined;
  for (;;) {
    let code = 0;
    for (let i = 0; i < width; i++, bit++) code |= ((data[bit >> 3] >> (bit & 7)) & 1) << i;
    if (code === end) break;
    if (code === clear) {
      table = Array.from({ length: clear + 2 }, (_, i) => [i]);
      width = codeSize + 1;
      before = undefined;
      continue;
    }
    const run: number[] = table[code] ?? [...before!, before![0]];
    out.set(run, filled);
    filled += run.length;
    if (before && table.length < 4096) table.push([...before, run[0]]);
    if (table.length === 2 ** width && width < 12) width++;
    before = run;
  }
  if (filled !== count) throw new Error(`${filled} pixels, wanted ${count}`);
  return out;
}
