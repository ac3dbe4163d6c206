import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';

// Temporaries of 1 MB in a synchronous loop, where the event loop never turns. SOO_TORCH_SOAK=1000000 makes as many as
// the project promises to survive; `npm test` makes fewer.

const whole = process.env.SOO_TORCH_SOAK !== undefined;
const count = Number(process.env.SOO_TORCH_SOAK ?? 20_000);

interface Report {
  seconds: number;
  peakMegabytes: number;
  tensors: number;
}

function soak(mode: string, count: number): Report {
  const args = ['--import', './test/typescript.mjs', join(__dirname, 'soak-child.ts'), mode, String(count)];
  const options = { encoding: 'utf8', cwd: join(__dirname, '../..'), maxBuffer: 1e6 } as const;
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, args, options);
  if (status !== 0) throw new Error(`${mode}: ended with ${signal ?? status}: ${stderr.trim().split('\n').at(-1)}`);
  return JSON.parse(stdout) as Report;
}

const LIMITS: [mode: string, share: number, megabytes: number][] = [
  ['scopes', 1, 400],
  ['collector', whole ? 1 : 0.4, 2000],
  ['hooks', whole ? 0.1 : 0.05, 2000],
];

for (const [mode, share, megabytes] of LIMITS) {
  t.test(`${count * share} temporaries of 1 MB, freed by ${mode}, stay under ${megabytes} MB`, async (t) => {
    const { seconds, peakMegabytes, tensors } = soak(mode, count * share);
    t.comment(`${mode}: ${peakMegabytes} MB at most, ${seconds.toFixed(1)} s`);
    t.ok(peakMegabytes < megabytes, `${peakMegabytes} MB`);
    t.ok(tensors < 3000, `${tensors} tensors are left`);
  });
}
