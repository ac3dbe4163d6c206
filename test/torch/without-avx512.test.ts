/** Kernels as they are on processors without AVX-512, which libtorch's own variable takes away. */
import { join } from 'node:path';
import t from 'tap';

const env = { ...process.env, ATEN_CPU_CAPABILITY: 'avx2' };
for (const name of ['prepacked', 'frozen-linear', 'bfloat16-kernels', 'cached-attention', 'prompt-attention']) {
  const file = join(__dirname, `${name}.test.ts`);
  void t.spawn(process.execPath, [...process.execArgv, file], { env }, name);
}
