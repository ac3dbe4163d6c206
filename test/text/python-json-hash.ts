import { createHash } from 'node:crypto';

/** sha256, in hex, of a value's JSON as Python's json module writes it without spaces: ASCII only. */
export const pythonJsonHash = (value: unknown): string =>
  createHash('sha256')
    .update(
      JSON.stringify(value).replace(
        /[\u007f-\uffff]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
    )
    .digest('hex');
