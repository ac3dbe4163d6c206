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
  'two devices': [
    'add (self: float32 [2] on standin:0, other: float32 [2] on standin:1): Expected all tensors to be on the same ' +
      'device, but found at least two devices, standin:0 and standin:1!',
    'add (self: float32 [2] on standin:0, other: float32 [2]): Expected all tensors to be on the same device, but ' +
      'found at least two devices, standin:0 and cpu!',
    [2, 2],
  ],
  'an index that lies elsewhere': ['cpu', 'standin:1'].map(
    (name) =>
      `Expected all tensors to be on the same device, but found at least two devices, standin:0 and ${name}! ` +
      '(aten::index_select)',
  ),
  'a mask that was made on the host':
    'Expected all tensors to be on the same device, but found at least two devices, standin:0 and cpu! ' +
    '(aten::masked_fill_.Scalar)',
  'the numbers of a seed': Array(3).fill([4264, 105569]),
  'what is counted': [1, 1, 1, 32],
  events: [true, true],
  'what cannot be had':
    'empty (size: [500000000]): STANDIN out of memory. Tried to allocate 476.84 MiB. GPU 0 has a total capacity of 381.47 MiB',
};

// A pass that waits for itself never ends: the limit is for that, and ten times what it takes.
const OPTIONS = { cwd: join(__dirname, '../..'), encoding: 'utf8', timeout: 120_000, killSignal: 'SIGKILL' } as const;

function child(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const file = join(__dirname, 'stand-in-child.ts');
  return spawnSync(process.execPath, ['--import', './test/typescript.mjs', file, ...args], OPTIONS);
}

t.before(() => buildStandIn()); // not within the child's time

t.test('passes and memory', async (t) => {
  const { stdout, stderr } = child();
  const lines = stdout.split('\n').filter(Boolean);
  const told = new Map(lines.map((line) => JSON.parse(line) as [string, unknown]));
  for (const [name, right] of Object.entries(RIGHT)) {
    t.ok(told.has(name), `${name}: it ends ${stderr}`);
    t.same(told.get(name), right, name);
  }
});

t.test('what touches the memory of a device on the host ends the process, and is named', async (t) => {
  const kernel = child('a kernel that peeks');
  t.equal(kernel.status, 86);
  t.match(kernel.stderr, /^stand-in: aten::special_erfcx touched the memory of standin:0 on the host\n/);
  const host = child('host code that peeks');
  t.equal(host.status, 86);
  t.match(host.stderr, /^stand-in: host code touched the memory of standin:1 on the host\n/);
  const elements = child('elements that are read without a copy');
  t.equal(elements.status, 86);
  t.match(elements.stderr, /^stand-in: host code touched the memory of standin:0 on the host\n/);
  t.match(elements.stderr, /^\S*soo_torch\S*\.node/m, 'by frames of the addon');
});
