'use strict';

// All records of one built checkout, in a folder that is gone afterwards.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { onExit } = require('../on-exit');
const { runCommand } = require('../run-command');
const { say } = require('../say');
const { agents } = require('./agents');
const { CommandLine } = require('./command');
const { answers, demo } = require('./organism');
const { tuning } = require('./tuning');

const FORMAT = 'soo-torch golden 1';

/** libtorch chooses its kernels by these: bytes of another processor say nothing. */
function processor() {
  const known = fs.existsSync('/proc/cpuinfo') ? fs.readFileSync('/proc/cpuinfo', 'utf8') : '';
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(known)?.[1].split(' ') ?? [];
  const wide = flags.filter((flag) => /^(avx|amx|fma|sve|bf16|asimd)/.test(flag)).sort();
  return `${process.arch}, ${os.cpus()[0]?.model.trim() ?? 'unknown'}, ${wide.join(' ')}`;
}

async function operators({ root }) {
  const env = { ...process.env, OMP_NUM_THREADS: '1' };
  const { code, stdout, output } = await runCommand(process.execPath, [path.join(__dirname, 'operators.js'), root], {
    env,
  });
  if (code !== 0) throw new Error(`the operators of ${root} ended with ${code}: ${output.trim()}`);
  return JSON.parse(stdout);
}

/** The demo takes as long as all the rest, so they go side by side. */
async function takeRecords(root) {
  const commandLine = new CommandLine(root);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'soo-golden-'));
  const remove = () => fs.rmSync(folder, { recursive: true, force: true });
  const forget = onExit(remove);
  const started = Date.now();
  const part = async (name, work) => {
    const result = await work();
    say(`golden: ${name} of ${root} after ${((Date.now() - started) / 1000).toFixed(0)} s`);
    return result;
  };
  const inTurn = async () => ({
    tuning: await part('tuning', () => tuning(commandLine, folder)),
    answers: {
      base: await part('answers', () => answers(commandLine, folder)),
      tuned: await part('tuned answers', () => answers(commandLine, folder, path.join(folder, 'schedule'))),
    },
    agents: await part('agents', () => agents(commandLine, folder)),
    operators: await part('operators', () => operators(commandLine)),
  });
  try {
    const [demoRecords, others] = await Promise.all([part('demo', () => demo(commandLine, folder)), inTurn()]);
    return { format: FORMAT, processor: processor(), records: { demo: demoRecords, ...others } };
  } finally {
    remove();
    forget();
  }
}

module.exports = { FORMAT, processor, takeRecords };
