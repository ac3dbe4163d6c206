'use strict';

// Cleaning up when the process ends, whether by itself or by a signal: an interrupted set-up leaves nothing half-done.

const tasks = new Set();
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

function runAll() {
  for (const task of tasks) {
    tasks.delete(task);
    try {
      task();
    } catch {
      // The other tasks still have to run.
    }
  }
}

let installed = false;
function install() {
  if (installed) return;
  installed = true;
  process.on('exit', runAll);
  for (const [signal, code] of Object.entries(SIGNALS)) process.on(signal, () => process.exit(code));
}

/** Registers a synchronous task; the function it returns takes the task off the list without running it. */
function onExit(task) {
  install();
  tasks.add(task);
  return () => tasks.delete(task);
}

module.exports = { onExit };
