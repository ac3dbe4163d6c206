/**
 * What a reader throws when a file or value from outside is not what it has to be. Its message is one line that
 * names the file and says what was wanted and what came; the command line prints it and exits with 2.
 */
export class InputError extends Error {
  override name = 'InputError';

  constructor(message: string, options?: ErrorOptions) {
    super(oneLine(message), options);
  }
}

/** Text with line breaks and control characters taken out, cut to `limit` characters. */
export function oneLine(text: string, limit = 400): string {
  const flat = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return flat.length <= limit ? flat : `${flat.slice(0, limit - 1)}…`;
}

/** A value as it is shown in a message: JSON, shortened. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return oneLine(JSON.stringify(value) ?? typeof value, 60);
}

/** The name of a tensor, a file or a key in quotes; names are shown whole as long as they are sane. */
export function quoted(name: string): string {
  return oneLine(JSON.stringify(name), 200);
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return oneLine(thrown instanceof Error ? thrown.message : String(thrown));
}
