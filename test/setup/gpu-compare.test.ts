import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';

const SCRIPT = resolve(__dirname, '../../scripts/gpu/compare.js');

/** A summary as scripts/gpu/suite.js writes it. */
function summary(step: number, rate: number, status = 'ok'): object {
  const measures = [
    { name: 'decode.batch-1', value: step, unit: 'ms a step', better: 'lower' },
    { name: 'generate.tokens', value: rate, unit: 'tokens/s', better: 'higher' },
    { name: 'first-loss', value: step, unit: '' },
  ];
  const parts = [{ part: 'decode', status, measures }];
  return { date: '2026-11-29', commit: 'c', device: 'NVIDIA H200', torch: '2.11.0', scale: 'full', seconds: 1, parts };
}

t.test('a packed run beside the last of its device', async (t) => {
  const folder = t.testdir();
  const file = join(folder, 'summary.json');
  const kept = join(folder, 'kept');
  const compare = (run: object, ...more: string[]) => {
    writeFileSync(file, JSON.stringify(run));
    return spawnSync(process.execPath, [SCRIPT, file, '--kept', kept, ...more], { encoding: 'utf8' });
  };
  t.match(compare(summary(10, 100), '--add'), { status: 0, stdout: /nothing to compare with yet/ });
  const lines = (): string[] => readFileSync(join(kept, 'nvidia-h200.jsonl'), 'utf8').trim().split('\n');
  t.match(JSON.parse(lines()[0]), { device: 'NVIDIA H200', passed: ['decode'], measures: { length: 3 } });
  t.match(compare(summary(12, 81)), { status: 0, stdout: /: 0 regressions/ }, 'within the factor');
  const slower = compare(summary(13, 100));
  t.match(slower, {
    status: 1,
    stdout: /^decode\.batch-1: 10\.00 to 13\.00 ms a step, 1\.30 times worse \(1\.25 allowed\)/,
  });
  t.notMatch(slower.stdout, /first-loss/, 'a number without a good direction is told and not compared');
  t.match(compare(summary(10, 79)), { status: 1, stdout: /^generate\.tokens: .* 1\.27 times worse/ });
  t.match(compare(summary(13, 100), '--factor', '1.5'), { status: 0 });
  t.match(compare(summary(10, 100, 'failed')), { status: 1, stdout: /decode: passed then, not now/ });
  t.match(compare({ ...summary(99, 1), scale: 'tiny' }), { status: 0 }, 'another size is another measure');
  t.match(compare({ ...summary(1, 1), device: null }), { status: 2, stderr: /found no device/ });
  t.equal(lines().length, 1, 'kept only when asked to');
});
