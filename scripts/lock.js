'use strict';

// A lock file, so that two processes do not do the same thing in the same place at once.
// It is created whole (by a hard link), names its holder, and is refreshed while it is held. A lock is taken over when
// its process is gone: no process has its number, or one that began at another time; or, where that cannot be told (a
// process of another machine, a file that does not say), when nobody has refreshed it for a minute.

const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { onExit } = require('./on-exit');
const { say } = require('./say');

const REFRESH_MS = 5_000;
const STALE_MS = 60_000;
const POLL_MS = 200;
/** How long taking over takes at most; then whoever began it is gone too. */
const TAKING_OVER_MS = 10_000;
/** No lock is longer. */
const LONGEST = 4096;

/** When a process began, in the kernel's ticks; null when there is none, or the system does not tell. */
function startOf(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in brackets and may hold anything; the 22nd field is the 20th behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** Containers number their processes each on their own. */
function numberingOf() {
  try {
    return fs.readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Where a process number means something: a machine, and a container on it. */
const place = () => `${os.hostname()} ${numberingOf()}`;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Who holds the lock, how long ago it was refreshed; null when there is none. What is no lock of ours has no holder. */
function readHolder(file) {
  try {
    const stat = fs.lstatSync(file);
    const age = Date.now() - stat.mtimeMs;
    const text = stat.isFile() && stat.size <= LONGEST ? fs.readFileSync(file, 'utf8') : '';
    try {
      return { age, ...JSON.parse(text) };
    } catch {
      return { age: Infinity };
    }
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

function isStale({ pid, place: where, started, age }, staleMs = STALE_MS) {
  if (!Number.isSafeInteger(pid) || pid < 1) return true;
  if (where !== place()) return !(age <= staleMs);
  if (!isAlive(pid)) return true;
  const now = startOf(pid);
  if (now !== null && typeof started === 'string') return started !== now;
  return pid === process.pid || !(age <= staleMs);
}

/** The lock, or null when there is one already. */
function create(file) {
  const token = crypto.randomBytes(8).toString('hex');
  const text = JSON.stringify({ pid: process.pid, place: place(), started: startOf(process.pid), token });
  const own = `${file}.${token}`;
  try {
    fs.writeFileSync(own, text, { flag: 'wx' });
    fs.linkSync(own, file);
  } catch (error) {
    if (error.code === 'EEXIST') return null;
    // Some file systems know no hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(error.code)) throw error;
    if (!createDirectly(file, text)) return null;
  } finally {
    fs.rmSync(own, { force: true });
  }
  return held(file, token);
}

function createDirectly(file, text) {
  try {
    fs.writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function held(file, token) {
  const refresh = setInterval(() => fs.lutimes(file, new Date(), new Date(), () => {}), REFRESH_MS);
  refresh.unref();
  return {
    release() {
      clearInterval(refresh);
      if (readHolder(file)?.token === token) fs.rmSync(file, { force: true });
    },
  };
}

/** Removes a stale lock. One at a time: between a look and a removal another one could have taken the lock. */
function removeStale(file, staleMs) {
  const guard = `${file}.stale`;
  try {
    fs.mkdirSync(guard);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const since = fs.lstatSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - since > TAKING_OVER_MS) fs.rmSync(guard, { recursive: true, force: true });
    return;
  }
  try {
    const holder = readHolder(file);
    if (holder && isStale(holder, staleMs)) fs.rmSync(file, { force: true });
  } finally {
    fs.rmSync(guard, { recursive: true, force: true });
  }
}

const pause = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

/**
 * Takes the lock at once, a stale one too: { release() }; or says who has it: { holder: { pid } }.
 * After `staleMs` without a refresh (a minute by default) a lock of another machine is stale.
 */
function takeLock(file, staleMs) {
  for (const start = Date.now(); ; pause(5)) {
    const lock = create(file);
    if (lock) return lock;
    const holder = readHolder(file);
    if (!holder) continue;
    if (!isStale(holder, staleMs) || Date.now() - start > TAKING_OVER_MS) return { holder };
    removeStale(file, staleMs);
  }
}

/** Runs `work` while holding `file`; says whom it waits for, as in "waiting for process 12, which is <doing>". */
async function withLock(file, doing, work) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  let told = false;
  let lock;
  for (;;) {
    lock = takeLock(file);
    if (lock.release) break;
    if (!told) say(`waiting for process ${lock.holder.pid}, which is ${doing}`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const { release } = lock;
  const forget = onExit(release);
  try {
    return await work();
  } finally {
    forget();
    release();
  }
}

module.exports = { isAlive, place, takeLock, withLock };
