import { torch } from '../../lib/torch';

// Makes many temporaries of 1 MB in one synchronous loop and prints what it took: soak.test.ts starts it.
//
//   soak-child.ts scopes|collector|hooks <count>

const [, , mode = 'scopes', count = '20000'] = process.argv;

const LOOPS: Record<string, (count: number) => void> = {
  scopes(count) {
    for (let i = 0; i < count; i++) torch.scope(() => void torch.ones([512, 512]));
  },
  collector(count) {
    for (let i = 0; i < count; i++) torch.ones([512, 512]);
  },
  /** Each gradient is looked at in a hook, and nobody frees it. */
  hooks(count) {
    const x = torch.ones([512, 512], { requiresGrad: true });
    x.registerHook((grad) => grad.mul(1));
    for (let i = 0; i < count; i++) torch.grad(x.mul(2).sum(), x);
  },
};

torch.setNumThreads(1);
const start = performance.now();
LOOPS[mode]?.(Number(count));
const seconds = (performance.now() - start) / 1000;
// Kilobytes, the most that was ever resident.
const peak = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({ mode, count: Number(count), seconds, peakMegabytes: Math.round(peak), ...torch.memory() }),
);
