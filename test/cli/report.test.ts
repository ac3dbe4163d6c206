import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { writeDemoResults } from '../../lib/studies/honesty';
import { wholeRun } from '../report/made-up';
import { soo } from './soo';

t.test('soo report makes the report again from results.json', async (t) => {
  const folder = t.testdir({ other: {}, 'no-results.json': '{}', file: '' });
  const results = join(folder, 'results.json');
  writeDemoResults(results, wholeRun());
  const [beside, elsewhere, wrong, none, impossible] = soo(
    ['report', results],
    ['report', results, '--out', join(folder, 'other', 'new'), '--json'],
    ['report', join(folder, 'no-results.json')],
    ['report', join(folder, 'none.json')],
    ['report', results, '--out', join(folder, 'file', 'below')],
  );
  const files = ['rivals', 'kept', 'loss', 'latent'].map((name) => join('charts', `${name}.png`));
  t.same(beside, {
    code: 0,
    stdout: `${['report.html', ...files].map((name) => join(folder, name)).join('\n')}\n`,
    stderr: '',
  });
  t.same(JSON.parse(elsewhere.stdout), {
    report: join(folder, 'other', 'new', 'report.html'),
    charts: files.map((name) => join(folder, 'other', 'new', name)),
  });
  for (const name of ['report.html', ...files]) t.ok(existsSync(join(folder, name)), name);
  t.match(wrong, { code: 2, stdout: '', stderr: /^soo: no-results.json: format [^\n]*\n$/ });
  t.match(none, { code: 2, stderr: /^soo: none.json: no such file[^\n]*\n$/ });
  t.match(impossible, { code: 2, stderr: /^soo: --out .*file.below: cannot make this folder: [^\n]*\n$/ });
});
