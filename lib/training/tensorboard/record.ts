/** TFRecord framing: length (uint64), its checksum, the bytes, their checksum; little-endian. */
import { maskedCrc32c } from './crc32c';

const HEADER = 12;
const FOOTER = 4;

export function frameRecord(bytes: Uint8Array): Buffer {
  const record = Buffer.alloc(HEADER + bytes.length + FOOTER);
  record.writeBigUInt64LE(BigInt(bytes.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(bytes, HEADER);
  record.writeUInt32LE(maskedCrc32c(bytes), HEADER + bytes.length);
  return record;
}
