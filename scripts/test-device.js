'use strict';

// `npm run test:device`: the test bodies that go to a device (test/device.ts), on the pretend accelerator of
// test/native/stand-in, whose memory the host cannot touch; on a GPU with `-- --device cuda:0`. Its last line tells what
// passed, and the most values that a training step and a decoding step waited for.
//
//   npm run test:device [-- --device NAME] [--jobs N] [FOLDER ...]     folders below test/, or files

const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { filesOf, goesToDevice, runFiles, FOLDERS } = require('./gpu/device-tests');
const { ROOT, whenReady } = require('./ready');
const { runCommand } = require('./run-command');

async function buildStandIn() {
  const program = "require('./test/native/stand-in').buildStandIn()";
  const loader = `--import=${path.join(ROOT, 'test', 'typescript.mjs')}`;
  const { code, output } = await runCommand(process.execPath, [loader, '-e', program], { cwd: ROOT });
  if (code !== 0) throw new Error(`the stand-in cannot be built: ${output.trim()}`);
}

async function main() {
  const options = {
    device: { type: 'string', default: 'standin:0' },
    jobs: { type: 'string', default: String(Math.min(8, os.availableParallelism())) },
  };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const { device, jobs } = values;
  process.env.SOO_TEST_DEVICE = device;
  process.env.SOO_GPU_TEST_SECONDS ??= '300';
  if (device.startsWith('standin')) await buildStandIn();
  // Agents compute on the processor.
  const names = positionals.length > 0 ? positionals : FOLDERS.filter((name) => name !== 'rl');
  const files = filesOf(names).filter((file) => goesToDevice(file));
  const started = Date.now();
  const { totals, broken, readBacks } = await runFiles(files, Number(jobs));
  if (broken.length > 0) process.stdout.write(`failing files: ${broken.join(', ')}\n`);
  const seconds = Math.round((Date.now() - started) / 1000);
  const told = `${totals.pass} passed, ${totals.fail} failed, ${totals.skip} skipped`;
  const waits = `read-backs at most: ${readBacks.training ?? '-'} a training step, ${readBacks.decoding ?? '-'} a decoding step`;
  process.stdout.write(`${device}, ${files.length} files, ${seconds} s: ${told}; ${waits}\n`);
  return broken.length > 0 ? 1 : 0;
}

whenReady(main);
