'use strict';

// What the packed run consists of, in order of worth: name, the seconds it may take at most, and its command.

const path = require('node:path');

const ROOT = path.resolve(__dirname, '..', '..');
const HOOK = ['-r', path.join(ROOT, 'scripts', 'typescript.js')];

/** @param settings { python, device, scale, work }: `work` is a folder for what the parts leave on disk */
function partsOf({ python, device, scale, work }) {
  const workload = path.join(work, 'workload.json');
  const script = (file, ...more) => [process.execPath, path.join(ROOT, file), ...more];
  const bench = (name, ...more) => [process.execPath, ...HOOK, path.join(ROOT, 'bench', 'gpu', `${name}.ts`), ...more];
  const peer = (name) => [python, path.join(ROOT, 'bench', 'gpu', 'peer.py'), name, workload];
  const study = ['demo', '--quick', '--workers', scale === 'tiny' ? '2' : '8', '--device', device];
  const out = path.join(work, 'study');
  return [
    { name: 'build', seconds: 120, command: script('scripts/build-addon.js') },
    { name: 'doctor', seconds: 20, command: script('bin/soo.js', 'doctor') },
    { name: 'tests', seconds: 140, command: script('scripts/gpu/device-tests.js') },
    { name: 'parity', seconds: 60, command: bench('parity') },
    { name: 'workload', seconds: 20, command: bench('workload', workload) },
    { name: 'finetune', seconds: 60, command: bench('finetune') },
    { name: 'finetune-peer', seconds: 75, command: peer('finetune'), peer: true },
    { name: 'generate', seconds: 50, command: bench('generate') },
    { name: 'generate-peer', seconds: 60, command: peer('generate'), peer: true },
    { name: 'decode', seconds: 40, command: bench('decode') },
    { name: 'decode-peer', seconds: 45, command: peer('decode'), peer: true },
    { name: 'load', seconds: 45, command: bench('load') },
    { name: 'load-peer', seconds: 45, command: peer('load'), peer: true },
    { name: 'study', seconds: 90, command: script('bin/soo.js', ...study, '--out', out) },
  ];
}

module.exports = { partsOf, ROOT };
