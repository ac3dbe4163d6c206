import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface FakePython {
  /** The folder of its torch, if it has one. */
  torch?: string;
  /** The wheel that `pip download` brings; without one pip finds nothing. */
  wheel?: string;
  /** True when only PyTorch's own index has the wheel. */
  onlyFromIndex?: boolean;
  /** True when pip hangs in the middle of a download, after it has written half a wheel. */
  hangs?: boolean;
  pip?: boolean;
}

/**
 * Writes a stand-in for Python that answers what the lookup asks and plays `pip download`. Each call of pip adds its
 * arguments to `pip.log` beside it. Returns the path of the program.
 */
export function writePython(folder: string, options: FakePython = {}): string {
  const { pip = true } = options;
  mkdirSync(folder, { recursive: true });
  const program = path.join(folder, 'python3');
  const script = `#!${process.execPath}
    const fs = require('node:fs');
    const path = require('node:path');
    const options = ${JSON.stringify({ ...options, pip })};
    const caller = process.ppid;
    const [flag, ...args] = process.argv.slice(2);
    if (flag === '-c') {
      console.log(JSON.stringify({ executable: __filename, torch: options.torch ?? null, pip: options.pip }));
    } else {
      fs.appendFileSync(path.join(__dirname, 'pip.log'), JSON.stringify(args.slice(1)) + '\\n');
      const folder = args[args.indexOf('--dest') + 1];
      fs.mkdirSync(folder, { recursive: true });
      if (options.hangs) {
        fs.writeFileSync(path.join(folder, 'torch-half.whl'), 'half');
        // It ends with whoever called it, however that one ended.
        setInterval(() => process.ppid === caller || process.exit(), 100);
      } else if (!options.wheel || (options.onlyFromIndex && !args.includes('--index-url'))) {
        console.error('ERROR: Could not find a version that satisfies the requirement');
        console.error('ERROR: No matching distribution found for ' + args[2]);
        process.exitCode = 1;
      } else {
        fs.copyFileSync(options.wheel, path.join(folder, path.basename(options.wheel)));
      }
    }
  `;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  return program;
}
