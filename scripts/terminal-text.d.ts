/** The text with what a terminal would obey spelled out: `\x1b`, `\u202e`. Tabs and line breaks stay. */
export function terminalText(text: string): string;
/** The text as it is written to a stream: spelled out on a terminal, and as it is elsewhere. */
export function textFor(stream: { isTTY?: boolean }, text: string): string;
