'use strict';

// What the set-up tells the person in front of it: plain lines on stderr, so that stdout stays for results.
// On a terminal a long step rewrites one line; elsewhere it prints a line now and then, so that a log stays readable.

const fs = require('node:fs');
const { terminalText, textFor } = require('./terminal-text');

const LOG_INTERVAL_MS = 10_000;
const TERMINAL_INTERVAL_MS = 100;

/** Package managers keep to themselves what an install script says, for minutes: the person in front shall see it. */
function openTerminalBehind() {
  if (process.env.npm_lifecycle_event !== 'install' || process.stderr.isTTY) return null;
  try {
    return fs.openSync('/dev/tty', 'w');
  } catch {
    return null;
  }
}

let behind;
function say(line) {
  process.stderr.write(`${textFor(process.stderr, line)}\n`);
  behind ??= { terminal: openTerminalBehind() };
  // A package manager's own line of progress may stand there.
  if (behind.terminal !== null) fs.writeSync(behind.terminal, `\r\x1b[Ksoo-torch: ${terminalText(line)}\n`);
}

/**
 * A long step. `update(text)` may be called as often as one likes; `done(text)` ends the step with a last line
 * (none when no text is given).
 */
function progress(label) {
  const terminal = Boolean(process.stderr.isTTY);
  const interval = terminal ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS;
  let shownAt = terminal ? 0 : Date.now();
  if (!terminal) say(`${label} ...`);
  const rewrite = (line) =>
    process.stderr.write(`\r\x1b[K${terminalText(line).slice(0, (process.stderr.columns || 80) - 1)}`);
  return {
    update(text) {
      if (Date.now() - shownAt < interval) return;
      shownAt = Date.now();
      if (terminal) rewrite(`${label}: ${text}`);
      else say(`${label}: ${text}`);
    },
    done(text) {
      if (terminal) process.stderr.write('\r\x1b[K');
      if (text) say(`${label}: ${text}`);
    },
  };
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

module.exports = { say, progress, megabytes };
