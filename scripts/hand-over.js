'use strict';

// Runs the job for which everything was made ready, with our terminal and our arguments.

const { spawn } = require('node:child_process');

/** Runs `node ...args` in the foreground; resolves to its exit code. Signals go to it, and it decides when to end. */
function handOver(args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit', ...options });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.removeAllListeners(signal);
      // A terminal sends its SIGINT to the whole group: the child has it already.
      process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
    }
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

module.exports = { handOver };
