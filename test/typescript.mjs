// Lets tap run TypeScript tests, compiled as CommonJS. tap's own hooks make Node 20 load the first file through its ESM
// loader, which knows no `.ts`; the hook below hands such files on to `require`.
import { createRequire, register } from 'node:module';

createRequire(import.meta.url)('../scripts/typescript.js');

// Read when libtorch is loaded, here and in the processes that tests start. With a thread per core in each of tap's jobs,
// threads spend more time on waiting for one another than tensors of this size take.
process.env.OMP_NUM_THREADS ??= '1';

const hook = `
  export function load(url, context, next) {
    return url.startsWith('file:') && url.endsWith('.ts')
      ? { format: 'commonjs', source: null, shortCircuit: true }
      : next(url, context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
