import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { torch } from '../../lib/torch';

t.test('what is told of CUDA agrees with what is there', async (t) => {
  const { cuda } = torch;
  const gpus = torch.devices().filter(({ type }) => type === 'cuda').length;
  t.equal(cuda.deviceCount(), gpus);
  t.equal(cuda.isAvailable(), gpus > 0);
  const build = /\+cu(\d+)(\d)$/.exec(torch.version.torch);
  t.equal(cuda.version, build ? `${build[1]}.${build[2]}` : null);
  const reason = build ? /^this libtorch is built for CUDA \d+\.\d and finds no GPU: \S.*$/ : /is built without CUDA$/;
  if (gpus > 0) t.equal(cuda.whyUnavailable(), null);
  else t.match(cuda.whyUnavailable(), reason);
});

t.test('products of float32 are of float32 until somebody says otherwise', async (t) => {
  t.equal(torch.cuda.allowTf32, false);
  const file = JSON.stringify(join(__dirname, '../../scripts/typescript.js'));
  const lib = JSON.stringify(join(__dirname, '../../lib/torch'));
  const script = `require(${file}); const { torch } = require(${lib}); console.log(torch.cuda.allowTf32)`;
  const env = { ...process.env, TORCH_ALLOW_TF32_CUBLAS_OVERRIDE: '1' };
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
  t.equal(stdout.trim(), 'false', `whatever the environment says ${stderr}`);

  torch.cuda.allowTf32 = true;
  t.equal(torch.cuda.allowTf32, true);
  const worker = new Worker(
    `${script.replace('console.log', 'require("node:worker_threads").parentPort.postMessage')}`,
    {
      eval: true,
      execArgv: [],
    },
  );
  t.same(await once(worker, 'message'), [true], 'a worker that starts later leaves it as it is');
  await worker.terminate();
  torch.cuda.allowTf32 = false;
  t.equal(torch.cuda.allowTf32, false);
  t.throws(() => (torch.cuda.allowTf32 = 'no' as never), {
    name: 'TypeError',
    message: 'cuda.allowTf32: expected true or false, got no',
  });
});
