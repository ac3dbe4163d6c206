'use strict';

// What the addon can be built with on this machine: cmake, run as it is, or node-gyp.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const ROOT = path.resolve(__dirname, '..');
const INSTALL = 'Debian, Ubuntu: apt-get install cmake make g++';
const COMPILERS = ['c++', 'g++', 'clang++'];

/** Whether the command can be started; how it ends does not count. */
function hasCommand(command, env) {
  return !spawnSync(command, ['--version'], { stdio: 'ignore', env }).error;
}

/** The project's own node-gyp, the one that npm names to the scripts it runs, or the one that npm beside Node holds. */
function findNodeGyp(env) {
  const beside = path.resolve(fs.realpathSync(process.execPath), '../../lib/node_modules/npm/node_modules/node-gyp');
  try {
    return require.resolve('node-gyp/bin/node-gyp.js', { paths: [ROOT] });
  } catch {
    const others = [env.npm_config_node_gyp, path.join(beside, 'bin', 'node-gyp.js')];
    return others.find((file) => file && fs.existsSync(file)) ?? null;
  }
}

/** Tools that are missing for a build, in words; an empty list where the addon can be built. */
function missingTools(env = process.env) {
  const missing = [];
  const compiler = env.CXX?.split(' ')[0];
  if (!(compiler ? [compiler] : COMPILERS).some((name) => hasCommand(name, env)))
    missing.push(compiler ? `the C++ compiler ${compiler} (CXX)` : 'a C++ compiler');
  const make = hasCommand('make', env);
  const cmake = hasCommand('cmake', env);
  if (!cmake && !(make && findNodeGyp(env))) missing.push('cmake');
  if (!make && !(cmake && hasCommand('ninja', env))) missing.push('make');
  return missing;
}

/** { name: 'cmake' } or { name: 'node-gyp', script }. Throws one line that says what is missing and how to get it. */
function findTool(wanted, env = process.env) {
  if (wanted && wanted !== 'cmake' && wanted !== 'node-gyp')
    throw new Error(`unknown build tool ${wanted}: cmake and node-gyp are supported`);
  const missing = missingTools(env);
  if (missing.length > 0) throw new Error(`to build the addon, ${missing.join(' and ')} is missing (${INSTALL})`);
  if (wanted === 'cmake' || (!wanted && hasCommand('cmake', env))) return { name: 'cmake' };
  const script = findNodeGyp(env);
  if (!script) throw new Error('node-gyp was not found: npm install --global node-gyp, or install cmake');
  return { name: 'node-gyp', script };
}

module.exports = { findTool, hasCommand, missingTools, INSTALL };
