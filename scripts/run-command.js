'use strict';

// Runs a command and keeps what it says. The command ends with us: a killed set-up leaves no compiler behind.

const { spawn } = require('node:child_process');
const { onExit } = require('./on-exit');

/**
 * Resolves to { code, stdout, stderr, output } once the command has ended; code is 127 when it could not be started.
 * Options: those of spawn, and `onLine(line)`, called for each complete line of either stream as it comes.
 */
function runCommand(command, args, { onLine, timeout, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const forget = onExit(() => child.kill('SIGTERM'));
    const timer = timeout ? setTimeout(() => child.kill('SIGKILL'), timeout) : null;
    const said = { stdout: '', stderr: '', output: '' };
    const collect = (name) => {
      let rest = '';
      child[name].setEncoding('utf8');
      child[name].on('data', (text) => {
        said[name] += text;
        said.output += text;
        if (!onLine) return;
        const lines = (rest + text).split(/\r?\n|\r/);
        rest = lines.pop();
        lines.forEach(onLine);
      });
    };
    collect('stdout');
    collect('stderr');
    const end = (code) => {
      forget();
      clearTimeout(timer);
      resolve({ code, ...said });
    };
    child.on('error', (error) => {
      said.stderr += error.message;
      said.output += error.message;
      end(127);
    });
    child.on('close', (code, signal) => end(code ?? (signal ? 128 : 1)));
  });
}

module.exports = { runCommand };
