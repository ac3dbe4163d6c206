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
