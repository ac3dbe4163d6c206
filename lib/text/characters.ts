/** Classes of characters as Rust, in which `tokenizers` is written, has them; JavaScript's `\s` and `\w` differ. */

/** What goes between brackets for `char::is_whitespace`, and `\s` of Rust's regular expressions. */
export const SPACES = '\\p{White_Space}';
/** What goes between brackets for `\w` of Rust's regular expressions. */
export const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
/** What goes between brackets for ASCII's and Unicode's punctuation together. */
export const PUNCTUATION = '\\p{P}!-\\/:-@\\[-`\\{-~';

const spacesInFront = new RegExp(`^[${SPACES}]+`, 'u');
const spacesBehind = new RegExp(`[${SPACES}]+$`, 'u');

/** How many units of white space a text begins with. */
export const leadingSpace = (text: string): number => spacesInFront.exec(text)?.[0].length ?? 0;

/** How many units of white space a text ends with. */
export function trailingSpace(text: string): number {
  // From the end: an expression that looks for the end would try at every space of a long text.
  let at = text.length;
  while (at > 0 && spacesBehind.test(text[at - 1])) at--;
  return text.length - at;
}

/** Without the white space in front, behind, or both. */
export function stripped(text: string, { left, right }: { left: boolean; right: boolean }): string {
  const from = left ? leadingSpace(text) : 0;
  return text.slice(from, right ? Math.max(from, text.length - trailingSpace(text)) : undefined);
}

/** Unicode's lower case of each character by itself: no sigma is final. */
export const lowerCase = (text: string): string => Array.from(text, (char) => char.toLowerCase()).join('');

/** The character that a byte is spelled as in vocabularies of GPT-2's kind. */
export const BYTE_CHARACTERS: readonly string[] = byteCharacters();

function byteCharacters(): string[] {
  let beyond = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCharCode(printable ? byte : beyond++);
  });
}

/** UTF-8 bytes as their characters. */
export function spelledBytes(text: string): string {
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) out += BYTE_CHARACTERS[byte];
  return out;
}
