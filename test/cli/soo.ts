import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import path from 'node:path';

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

const ROOT = path.resolve(__dirname, '../..');
// An import, as processes that the command starts are given the same, and their files are looked at as modules first.
const TYPESCRIPT = ['--import', './test/typescript.mjs'];

/** Runs every call in one process, which spares the start of Node for each, and catches what it prints. */
const RUN = `
  const { main } = require('./lib/cli/program');
  (async () => {
    const outcomes = [];
    const real = process.stdout.write.bind(process.stdout);
    for (const argv of JSON.parse(require('node:fs').readFileSync(0, 'utf8'))) {
      const caught = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr']) process[name].write = (text) => ((caught[name] += text), true);
      outcomes.push({ code: await main(argv), ...caught });
    }
    real(JSON.stringify(outcomes));
  })();
`;

/** Runs `soo` from its sources, once per list of arguments. */
export const soo = (...calls: string[][]): Outcome[] => run(RUN, calls);

/** The same where two pretend accelerators are; they have to be built. */
export const sooWithStandIn = (...calls: string[][]): Outcome[] =>
  run(`require('./test/native/stand-in').loadStandIn(); ${RUN}`, calls);

function run(program: string, calls: string[][]): Outcome[] {
  const ran = spawnSync(process.execPath, [...TYPESCRIPT, '-e', program], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    input: JSON.stringify(calls), // as an argument it could be longer than the system allows
  });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout) as Outcome[];
}

/** Starts `soo` in a process of its own, to be sent signals. */
export function startSoo(...args: string[]): ChildProcess {
  const call = "require('./lib/cli/program').main(process.argv.slice(1)).then((code) => (process.exitCode = code))";
  return spawn(process.execPath, [...TYPESCRIPT, '-e', call, '--', ...args], { cwd: ROOT });
}
