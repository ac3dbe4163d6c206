import { Presets, SingleBar } from 'cli-progress';
import { terminalText } from '../../scripts/terminal-text';
import type { Progress } from '../training/progress';
import { say } from './output';

const LOG_INTERVAL_MS = 10_000;

function terminalProgress(label: string, total: number): Progress {
  const bar = new SingleBar(
    { format: `${label} [{bar}] {value}/{total} {eta_formatted} {note}`, stream: process.stderr, hideCursor: true },
    Presets.legacy,
  );
  bar.start(total, 0, { note: '' });
  return {
    update: (done, note = '') => bar.update(done, { note: terminalText(note) }),
    stop(note) {
      if (note !== undefined) bar.update(bar.getTotal(), { note: terminalText(note) });
      bar.stop();
    },
  };
}

function loggedProgress(label: string, total: number): Progress {
  let shownAt = Date.now();
  say(`${label} ...`);
  return {
    update(done, note = '') {
      if (Date.now() - shownAt < LOG_INTERVAL_MS) return;
      shownAt = Date.now();
      say(`${label}: ${done} of ${total} ${note}`.trimEnd());
    },
    stop(note) {
      if (note) say(`${label}: ${note}`);
    },
  };
}

/** Progress on stderr: a bar on a terminal, a line every ten seconds elsewhere. */
export function startProgress(label: string, total: number): Progress {
  return process.stderr.isTTY ? terminalProgress(label, total) : loggedProgress(label, total);
}

/** A number of bytes as people read it. */
export function bytesText(bytes: number): string {
  const [unit, size] = bytes >= 1e9 ? ['GB', 1e9] : bytes >= 1e6 ? ['MB', 1e6] : ['kB', 1e3];
  return `${(bytes / size).toFixed(bytes < 10 * size ? 1 : 0)} ${unit}`;
}

/** Bytes that come: how many there are, how many there will be, and of what. */
export interface ByteProgress {
  update(done: number, total: number, note: string): void;
  stop(): void;
}

function terminalBytes(label: string): ByteProgress {
  const format = `${label} [{bar}] {bytes} {eta_formatted} {note}`;
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.legacy);
  bar.start(1, 0, { bytes: '', note: '' });
  return {
    update(done, total, note) {
      bar.setTotal(total);
      bar.update(done, { bytes: `${bytesText(done)} of ${bytesText(total)}`, note: terminalText(note) });
    },
    stop: () => bar.stop(),
  };
}

function loggedBytes(label: string): ByteProgress {
  let shownAt = Date.now();
  say(`${label} ...`);
  return {
    update(done, total, note) {
      if (Date.now() - shownAt < LOG_INTERVAL_MS) return;
      shownAt = Date.now();
      say(`${label}: ${bytesText(done)} of ${bytesText(total)}, ${note}`);
    },
    stop() {},
  };
}

/** The same for bytes, of which there may turn out to be more. */
export function startBytes(label: string): ByteProgress {
  return process.stderr.isTTY ? terminalBytes(label) : loggedBytes(label);
}
