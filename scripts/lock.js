'use strict';

// A lock file, so that two set-ups at once do not fetch or build the same thing twice.
// It is created whole (by a hard link), names its holder, and is refreshed while it is held: a lock whose process
// is gone, or that nobody has refreshed for a minute, is taken over.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { onExit } = require('./on-exit');
const { say } = require('./say');

const REFRESH_MS = 5_000;
const STALE_MS = 60_000;
const POLL_MS = 200;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readHolder(file) {
  try {
    const holder = JSON.parse(fs.readFileSync(file, 'utf8'));
    return { ...holder, age: Date.now() - fs.statSync(file).mtimeMs };
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    return { pid: 0, host: '', age: Infinity };
  }
}

function isStale(holder) {
  if (holder.host === os.hostname()) return !isAlive(holder.pid);
  return holder.age > STALE_MS;
}

function tryAcquire(file) {
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, JSON.stringify({ pid: process.pid, host: os.hostname() }));
  try {
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function removeStale(file, holder) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return; // another waiter was quicker
  }
  const moved = readHolder(aside);
  // Between our look and the move another waiter may have taken the lock: give it back.
  if (moved && (moved.pid !== holder.pid || moved.host !== holder.host)) {
    try {
      fs.linkSync(aside, file);
    } catch {
      // A third one holds it by now.
    }
  }
  fs.rmSync(aside, { force: true });
}

/** Runs `work` while holding `file`; says whom it waits for, as in "waiting for process 12, which is <doing>". */
async function withLock(file, doing, work) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  let told = false;
  while (!tryAcquire(file)) {
    const holder = readHolder(file);
    if (holder && isStale(holder)) {
      removeStale(file, holder);
      continue;
    }
    if (holder && !told) {
      say(`waiting for process ${holder.pid}, which is ${doing}`);
      told = true;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const release = () => fs.rmSync(file, { force: true });
  const forget = onExit(release);
  const refresh = setInterval(() => fs.utimes(file, new Date(), new Date(), () => {}), REFRESH_MS);
  refresh.unref();
  try {
    return await work();
  } finally {
    clearInterval(refresh);
    forget();
    release();
  }
}

module.exports = { withLock };
