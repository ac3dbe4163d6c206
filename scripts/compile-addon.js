'use strict';

// Runs a build tool over native/ and hands back the folder that its products lie in.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { hasCommand } = require('./build-tools');
const { runCommand } = require('./run-command');
const { progress, say } = require('./say');

const ROOT = path.resolve(__dirname, '..');

/** Turns the tools' own lines into "3 of 12 dispatch.cc"; lines that tell no progress come back as null. */
function progressOf(line, counter) {
  const cmake = /^\[\s*(\d+)(?:\/(\d+)|%)\] (.*)$/.exec(line);
  if (cmake) {
    const [, at, of, what] = cmake;
    return `${of ? `${at} of ${of}` : `${at}%`} ${path.basename(what.trim()).replace(/\.o$/, '')}`;
  }
  const gyp = /^\s*(?:CXX|SOLINK_MODULE)\(target\) (.*)$/.exec(line);
  if (!gyp) return null;
  counter.done += 1;
  return `${counter.done} ${path.basename(gyp[1]).replace(/\.o$/, '')}`;
}

async function runTool(label, command, args, options = {}) {
  const step = progress(label);
  const counter = { done: 0 };
  const onLine = (line) => {
    const text = progressOf(line, counter);
    if (text) step.update(text);
  };
  // NODE_OPTIONS could load what is not there yet, or lies elsewhere for a tool in another folder; but without Yarn's, no
  // package is found under Plug'n'Play.
  const nodeOptions = process.versions.pnp ? process.env.NODE_OPTIONS : '';
  const env = { ...process.env, ...options.env, NODE_OPTIONS: nodeOptions, CMAKE_COLOR_DIAGNOSTICS: 'OFF' };
  const started = Date.now();
  const { code, output } = await runCommand(command, args, { ...options, env, onLine });
  if (code !== 0) {
    step.done('failed');
    say(output.trimEnd());
    throw new Error(`${label.replace(/^addon: /, '')} failed with code ${code}; its output is above`);
  }
  step.done(`${((Date.now() - started) / 1000).toFixed(1)} s`);
  for (const line of output.split('\n')) if (/warning:/.test(line)) say(line);
}

async function compileWithCmake(_tool, folder, libtorch) {
  const settings = {
    CMAKE_BUILD_TYPE: 'Release',
    NODE: process.execPath,
    LIBTORCH: libtorch,
    NODE_API: require('node-api-headers').include_dir,
    // It names its folder as seen from the current one.
    NODE_ADDON_API: path.resolve(require('node-addon-api').include_dir),
  };
  const generator = !process.env.CMAKE_GENERATOR && hasCommand('ninja') ? ['-G', 'Ninja'] : [];
  const defined = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  await runTool('addon: configuring with cmake', 'cmake', ['-S', ROOT, '-B', folder, ...generator, ...defined]);
  await runTool('addon: compiling with cmake', 'cmake', ['--build', folder, '--parallel', String(jobs())]);
  return folder;
}

/** The folder above include/node where this Node brings its headers along: then nothing is downloaded. */
function headersFolder() {
  const prefix = path.resolve(fs.realpathSync(process.execPath), '..', '..');
  return fs.existsSync(path.join(prefix, 'include', 'node', 'node_api.h')) ? prefix : null;
}

async function compileWithNodeGyp({ script }, folder, libtorch) {
  // node-gyp always builds into `build` beside binding.gyp: it gets a folder in which everything else is a link.
  for (const name of ['binding.gyp', 'native', 'package.json', 'scripts']) {
    fs.rmSync(path.join(folder, name), { force: true });
    fs.symlinkSync(path.join(ROOT, name), path.join(folder, name));
  }
  const headers = headersFolder();
  const settings = ['--release', ...(headers ? [`--nodedir=${headers}`] : [])];
  // binding.gyp calls `node`, and it shall be this one.
  const env = { PATH: [path.dirname(process.execPath), process.env.PATH].filter(Boolean).join(path.delimiter) };
  const run = (label, ...args) => runTool(label, process.execPath, [script, ...args], { cwd: folder, env });
  await run('addon: configuring with node-gyp', 'configure', ...settings, '--', `-Dlibtorch=${libtorch}`);
  await run('addon: compiling with node-gyp', 'build', ...settings, '-j', String(jobs()));
  return path.join(folder, 'build', 'Release');
}

const jobs = () => os.availableParallelism();

/** Compiles with `tool` in a folder of its own against the libtorch at a path; returns the folder of the products. */
function compileAddon(tool, folder, libtorch) {
  return (tool.name === 'cmake' ? compileWithCmake : compileWithNodeGyp)(tool, folder, libtorch);
}

module.exports = { compileAddon };
