'use strict';

// Text of others on its way to a terminal. Escape sequences of a file or a model's answer could set the clipboard, the
// title or the colours, and marks of direction could show a line as another one: all of them are shown instead of obeyed.

// C0 but tab and line break, DEL, C1, and the marks, embeddings, overrides and isolates of direction.
const OBEYED = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const escaped = (char) => {
  const code = char.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
};

/** The text with what a terminal would obey spelled out: `\x1b`, `\u202e`. Tabs and line breaks stay. */
const terminalText = (text) => text.replace(OBEYED, escaped);

/** The text as it is written to a stream: spelled out on a terminal, and as it is elsewhere. */
const textFor = (stream, text) => (stream.isTTY ? terminalText(text) : text);

module.exports = { terminalText, textFor };
