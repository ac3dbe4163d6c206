/** Kernels as they are on processors without AVX-512, which libtorch's own variable takes away. */
import { join } from 'node:path';
import t from 'tap';
import { spawnSync } from 'node:child_process';

const env = { ...process.env, ATEN_CPU_CAPABILITY: 'avx2' };
for (const name of ['prepacked', 'frozen-linear', 'bfloat16-kernels', 'cached-attention', 'prompt-attention']) {
  const file = join(__dirname, `${name}.test.ts`);
  const { status, stdout } = spawnSync(process.execPath, [...process.execArgv, file], { env, encoding: 'utf8' });
  t.equal(status, 0, `${name}: ${stdout.slice(-2000)}`);
}
