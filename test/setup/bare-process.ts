import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { join } from 'node:path';

/** Runs `node ...args` with these variables alone: tap adds its own to every process that a test starts directly. */
export function runBare(args: readonly string[], env: NodeJS.ProcessEnv, options: SpawnSyncOptions = {}) {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return spawnSync('/usr/bin/env', ['-i', ...variables, process.execPath, ...args], { ...options, encoding: 'utf8' });
}

const NOBODY = 65534;

/** Does so as a user who may do only what everybody may: as root one has to become another. */
export function asAnotherUser(args: readonly string[], env: NodeJS.ProcessEnv) {
  return runBare(args, env, { ...(process.getuid?.() === 0 && { uid: NOBODY, gid: NOBODY }), cwd: '/' });
}

const ROOT = join(__dirname, '..', '..');

/** For tests that become another user: why they cannot, or nothing. */
export const strangers =
  asAnotherUser(['-e', 'require("node:fs").readdirSync(process.argv[1])', ROOT], {}).status === 0
    ? {}
    : { skip: 'the checkout or Node lies where another user may not look' };
