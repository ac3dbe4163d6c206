/** OpenMP's threads must not spin for long while they wait: on a busy machine that took 40 times as long. */
import t from 'tap';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

/** What libgomp says of its settings as it is loaded, by a process whose first look at libtorch is a worker's. */
function settingsWith(env: NodeJS.ProcessEnv): string {
  const load = `require(${JSON.stringify(join(ROOT, 'lib', 'torch'))})`;
  const script = `const { Worker } = require('node:worker_threads'); new Worker(${JSON.stringify(load)}, { eval: true });`;
  const own = { ...process.env, OMP_DISPLAY_ENV: 'verbose', ...env };
  const { stderr, status } = spawnSync(process.execPath, ['-r', join(ROOT, 'scripts', 'typescript.js'), '-e', script], {
    env: own,
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr.slice(-500));
  return stderr;
}

t.test('waiting threads soon sleep, unless the environment says otherwise', async (t) => {
  const unset = { OMP_WAIT_POLICY: undefined, GOMP_SPINCOUNT: undefined };
  t.match(settingsWith(unset), /GOMP_SPINCOUNT = '1000'/);
  t.match(settingsWith({ ...unset, OMP_WAIT_POLICY: 'active' }), /OMP_WAIT_POLICY = 'ACTIVE'/);
  t.match(settingsWith({ ...unset, GOMP_SPINCOUNT: '77' }), /GOMP_SPINCOUNT = '77'/);
});
