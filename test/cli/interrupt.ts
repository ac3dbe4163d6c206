import { existsSync } from 'node:fs';
import { startSoo } from './soo';

/** Starts a command, and sends it Ctrl-C once a file is there. */
export async function interrupt(args: string[], file: string): Promise<{ code: number | null; stderr: string }> {
  const child = startSoo(...args);
  let stderr = '';
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
  const poll = setInterval(() => {
    if (!existsSync(file)) return;
    clearInterval(poll);
    child.kill('SIGINT');
  }, 5);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(poll);
  return { code, stderr };
}
