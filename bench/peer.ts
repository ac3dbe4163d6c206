import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A Python process that measures on request, so that both sides alternate within one run. */
export class Peer {
  readonly #lines: AsyncIterator<string>;

  private constructor(
    readonly versions: { torch: string; python: string },
    readonly process: ChildProcessWithoutNullStreams,
    lines: AsyncIterator<string>,
  ) {
    this.#lines = lines;
  }

  /**
   * Starts the first Python that has what a script needs: SOO_TORCH_PYTHON, then python3. Null when there is none.
   * @param script a file of this folder that answers `<case> <count>` as peer_ops.py does
   */
  static async start(script = 'peer_ops.py'): Promise<Peer | null> {
    const pythons = [process.env.SOO_TORCH_PYTHON, 'python3'].filter((name) => name !== undefined && name !== '');
    for (const python of pythons) {
      const peer = await Peer.#startWith(python!, script);
      if (peer) return peer;
    }
    return null;
  }

  static async #startWith(python: string, script: string): Promise<Peer | null> {
    const env = { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
    const child = spawn(python, [join(__dirname, script)], { env });
    child.on('error', () => undefined);
    child.stdin.on('error', () => undefined);
    child.stderr.resume();
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) return null;
    return new Peer(JSON.parse(first.value) as { torch: string; python: string }, child, lines);
  }

  /** Seconds that `count` runs of the case took. */
  async measure(name: string, count: number): Promise<number> {
    this.process.stdin.write(`${name} ${count}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error(`bench: the Python process ended while it measured ${name}`);
    return (JSON.parse(line.value) as { seconds: number }).seconds;
  }

  stop(): void {
    this.process.stdin.end();
  }
}
