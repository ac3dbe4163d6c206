/**
 * Serves the stub in a process of its own, and prints its address. A fault may be given as JSON, with what the paths
 * match at which it happens.
 */
import { startStub } from './models';
import type { Fault } from './stub';

const [pattern, fault] = process.argv.slice(2);

void startStub().then((stub) => {
  if (pattern !== undefined) {
    stub.fault = ({ path }) => (new RegExp(pattern).test(path) ? (JSON.parse(fault) as Fault) : undefined);
  }
  process.stdout.write(`${stub.endpoint}\n`);
});
