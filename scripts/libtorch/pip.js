'use strict';

// libtorch out of PyTorch's CPU wheel: pip downloads it, nothing is installed, and only libtorch is unpacked.

const fs = require('node:fs');
const path = require('node:path');
const { runCommand } = require('../run-command');
const { progress, megabytes } = require('../say');
const { unpack } = require('./unpack');

const CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

function sizeOf(folder) {
  let bytes = 0;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    try {
      if (entry.isFile()) bytes += fs.statSync(path.join(entry.parentPath ?? entry.path, entry.name)).size;
    } catch {
      // pip moved it meanwhile.
    }
  }
  return bytes;
}

/** How to call pip here, as [command, ...arguments]; null when there is none. */
async function findPip(python, env) {
  if (python?.pip) return [python.executable, '-m', 'pip'];
  for (const command of ['pip3', 'pip']) {
    if ((await runCommand(command, ['--version'], { env })).code === 0) return [command];
  }
  return null;
}

/** pip's own word for what went wrong, in one line. */
function reasonOf({ code, stderr }) {
  const lines = stderr.split('\n').filter((line) => line.trim());
  const error = lines.filter((line) => line.startsWith('ERROR:')).pop() ?? lines.pop();
  return (error ?? `pip ended with code ${code}`).replace(/^ERROR: /, '').slice(0, 200);
}

async function download(pip, requirement, folder, source, env) {
  const [command, ...start] = pip;
  const scratch = path.join(folder, 'scratch');
  const wheels = path.join(folder, 'wheels');
  fs.mkdirSync(scratch, { recursive: true });
  const step = progress(`pip download ${requirement} (${source.label})`);
  const timer = setInterval(() => step.update(megabytes(sizeOf(folder))), 500);
  const options = ['--no-deps', '--only-binary', ':all:', '--no-input', '--progress-bar', 'off', '--retries', '2'];
  const args = [...start, 'download', requirement, ...options, '--dest', wheels, ...source.args];
  // pip's scratch space lies beside the target, so that an interruption leaves nothing elsewhere.
  const result = await runCommand(command, args, { env: { ...env, TMPDIR: scratch }, cwd: folder });
  clearInterval(timer);
  const wheel = fs.existsSync(wheels) && fs.readdirSync(wheels).find((name) => name.endsWith('.whl'));
  if (result.code !== 0 || !wheel) {
    step.done('failed');
    return { problem: reasonOf(result) };
  }
  step.done(megabytes(fs.statSync(path.join(wheels, wheel)).size));
  return { wheel: path.join(wheels, wheel) };
}

/**
 * Fills `folder/libtorch` from the CPU wheel of `version`; returns { from: where pip had it }.
 * Throws an Error that says what each source answered.
 */
async function fillByPip(folder, version, pip, env) {
  const requirement = `torch==${version}+cpu`;
  const sources = [
    { label: "pip's configured sources", args: [] },
    { label: "PyTorch's CPU wheels", args: ['--index-url', CPU_INDEX] },
  ];
  const problems = [];
  for (const source of sources) {
    const { wheel, problem } = await download(pip, requirement, folder, source, env);
    if (wheel) {
      await unpack(wheel, path.join(folder, 'libtorch'), progress(`unpacking ${path.basename(wheel)}`));
      return { from: `${requirement} from ${source.label}` };
    }
    problems.push(`${source.label}: ${problem}`);
  }
  throw new Error(problems.join('; '));
}

module.exports = { findPip, fillByPip };
