/** A thread that ends as it is asked to, or listens on; request-thread.test.ts starts it. */
import { serveRequests } from '../../lib/compute/serve-requests';

serveRequests(undefined, {
  exit: () => process.exit(3),
  throwLater: () =>
    new Promise(() => {
      setImmediate(() => {
        throw new Error('out of\nthe blue');
      });
    }),
  echo: (_, args) => args,
  unsendable: () => () => 1,
});
