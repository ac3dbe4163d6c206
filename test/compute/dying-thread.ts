/** A thread that ends as it is asked to, or listens on; request-thread.test.ts starts it. */
import { setTimeout as delay } from 'node:timers/promises';
import { serveRequests } from '../../lib/compute/serve-requests';

let counted = 0;

serveRequests(undefined, {
  exit: () => process.exit(3),
  throwLater: () =>
    new Promise(() => {
      setImmediate(() => {
        throw new Error('out of\nthe blue');
      });
    }),
  echo: (_, args) => args,
  soon: (_, args) => delay(20, args),
  count: () => ++counted,
  unsendable: () => () => 1,
});
