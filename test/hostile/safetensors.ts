/** Safetensors files taken apart and put together again, with headers that are not theirs. */
import { readFileSync } from 'node:fs';

export interface Parts {
  header: Record<string, unknown>;
  data: Uint8Array;
}

export function partsOf(path: string): Parts {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  return {
    header: JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Parts['header'],
    data: bytes.subarray(8 + length),
  };
}

export function assembled({ header, data }: Parts): Uint8Array {
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, ' ');
  text.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, data]);
}

/** The JSON that a checkpoint keeps under `state`, changed. */
export function withState(path: string, change: (state: Record<string, unknown>) => void): Uint8Array {
  const parts = partsOf(path);
  const metadata = parts.header.__metadata__ as { state: string };
  const state = JSON.parse(metadata.state) as Record<string, unknown>;
  change(state);
  return assembled({ ...parts, header: { ...parts.header, __metadata__: { state: JSON.stringify(state) } } });
}
