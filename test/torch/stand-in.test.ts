import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { buildStandIn } from '../native/stand-in';

// What only shows on a device with an engine thread of its own, and is tried on a pretend one.

const RIGHT: Record<string, unknown> = {
  'a pass in a hook': [[7], [10]],
  'a pass on the processor in a hook': [[7], [10]],
  "a pass on the device in a processor's hook": [[7], [10]],
  'torch.grad in a custom function': [12, 27],
  'a checkpoint': [1, Math.E],
  'a checkpoint in a checkpoint': [12],
  'a graph of the gradient in a hook': [30],
  'passes 100 deep': 100,
  'an error at the bottom': 'at the bottom',
  'a pass after an error': [[7], [4]],
  'garbage goes before memory runs out': 30e6,
  'garbage does not fill a device': 'done',
  'what cannot be had': 'empty (size: [500000000]): The stand-in is out of memory. Tried to allocate 500000000 bytes.',
};

buildStandIn(); // not within the child's time
const args = ['--import', './test/typescript.mjs', join(__dirname, 'stand-in-child.ts')];
// A pass that waits for itself never ends: the limit is for that, and ten times what it takes.
const options = { cwd: join(__dirname, '../..'), encoding: 'utf8', timeout: 120_000, killSignal: 'SIGKILL' } as const;
const { stdout, stderr } = spawnSync(process.execPath, args, options);
const told = new Map(
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as [string, unknown]),
);

for (const [name, right] of Object.entries(RIGHT)) {
  t.test(name, async (t) => {
    t.ok(told.has(name), `it ends ${stderr}`);
    t.same(told.get(name), right);
  });
}
