// Lets tap run TypeScript tests, compiled as CommonJS. tap's own hooks make Node load the first file through its ESM
// loader, which knows no `.ts` (Node 20) or takes it for an ES module (Node 24): it is told better here.
import * as modules from 'node:module';
import { fileURLToPath } from 'node:url';

const { javascriptOf } = modules.createRequire(import.meta.url)('../scripts/typescript.js');

// Read when libtorch is loaded, here and in the processes that tests start. With a thread per core in each of tap's jobs,
// threads spend more time on waiting for one another than tensors of this size take.
process.env.OMP_NUM_THREADS ??= '1';

const isTypeScript = (url) => url.startsWith('file:') && url.endsWith('.ts');

if (modules.registerHooks) {
  modules.registerHooks({
    load: (url, context, next) =>
      isTypeScript(url)
        ? { format: 'commonjs', source: javascriptOf(fileURLToPath(url)), shortCircuit: true }
        : next(url, context),
  });
} else {
  // Node 20 has only hooks in a thread of their own: the file is handed on to `require`.
  const hook = `
    const isTypeScript = ${isTypeScript};
    export function load(url, context, next) {
      return isTypeScript(url) ? { format: 'commonjs', source: null, shortCircuit: true } : next(url, context);
    }`;
  modules.register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
