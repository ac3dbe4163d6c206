/** Regular expressions as Python's `re` reads them: adapter files are written for it. */
import { InputError, messageOf } from '../files/input-error';

/** Of a pattern, in characters; compiling longer ones takes seconds and gigabytes. */
const LONGEST = 65_536;

/**
 * The pattern in JavaScript's syntax. What JavaScript does not have (inline flags, atomic groups, conditions) is refused
 * by its own parser, as unicode mode lets no unknown syntax pass.
 * @param where leads the message
 * @throws InputError for what is no regular expression, or none that can be read here
 */
export function pythonPattern(source: string, where: string): RegExp {
  if (source.length > LONGEST)
    throw new InputError(`${where} has ${source.length} characters, and ${LONGEST} are allowed`);
  try {
    return new RegExp(translated(source), 'u');
  } catch (thrown) {
    throw new InputError(`${where} is no regular expression: ${messageOf(thrown)}`);
  }
}

const ENDS: Record<string, string> = { A: '^', Z: '$' };

/** What one escape is in unicode mode, where punctuation that needs none must have none. */
function escapeOf(escaped: string, inClass: boolean): string {
  if (!inClass && escaped in ENDS) return ENDS[escaped];
  const needed = /[\w^$\\.*+?()[\]{}|/]/.test(escaped) && escaped !== '_';
  return needed || (inClass && escaped === '-') ? `\\${escaped}` : escaped;
}

function translated(source: string): string {
  let [out, inClass] = ['', false];
  for (let at = 0; at < source.length; at++) {
    const rest = source.slice(at);
    const char = source[at];
    // A bracket that comes first in a class stands for itself, as does one that closes nothing.
    const opening = inClass ? null : /^\[\^?\]?/.exec(rest);
    const repeat = inClass ? null : /^\{(?=[\d,])(\d*)(,?)(\d*)\}/.exec(rest);
    const named = inClass ? null : /^\(\?P(?:<|=(\w+)\))/.exec(rest);
    if (char === '\\') {
      out += at + 1 < source.length ? escapeOf(source[++at], inClass) : char;
    } else if (opening) {
      out += opening[0].replace(']', '\\]');
      inClass = true;
      at += opening[0].length - 1;
    } else if (repeat) {
      out += `{${repeat[1] || '0'}${repeat[2]}${repeat[3]}}`;
      at += repeat[0].length - 1;
    } else if (named) {
      out += named[1] === undefined ? '(?<' : `\\k<${named[1]}>`;
      at += named[0].length - 1;
    } else if (!inClass && /[\]{}]/.test(char)) {
      out += `\\${char}`;
    } else {
      if (char === ']') inClass = false;
      out += char;
    }
  }
  return out;
}
