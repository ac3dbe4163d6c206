/** The Python peer (transformers, PEFT) that language models are measured beside. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..');

export interface LlmPeer {
  /** Runs one of the peer's commands; what it printed on its last line. */
  summary(...args: string[]): Record<string, number> & { losses: number[] };
  /** A model of 125 million parameters, made once. */
  model: string;
  /** Folder with `prompts.json`, `pairs.json` and `mse_pairs.json`. */
  data: string;
  /** For files of a run. */
  work: string;
}

/**
 * The peer script is SOO_TORCH_PEER_LLM or `../shared/bench/peer_llm.py` beside the checkout; its Python is
 * SOO_TORCH_PYTHON or python3.
 * @throws Error when one of them is missing
 */
export function llmPeer(): LlmPeer {
  const script = process.env.SOO_TORCH_PEER_LLM ?? join(ROOT, '..', 'shared', 'bench', 'peer_llm.py');
  const python = process.env.SOO_TORCH_PYTHON ?? 'python3';
  if (!existsSync(script) || spawnSync(python, ['-c', 'import torch, transformers, peft']).status !== 0)
    throw new Error(
      'bench: language models are measured beside transformers; bench/llm-peer.ts says where it is sought',
    );
  const run = (...args: string[]): string => output(python, [script, ...args]);
  const work = join(tmpdir(), 'soo-torch-bench-llm');
  mkdirSync(work, { recursive: true });
  const [model, data] = [join(work, 'M'), join(work, 'data')];
  if (!existsSync(join(data, 'prompts.json'))) run('make-data', '--out', data);
  if (!existsSync(join(model, 'config.json'))) run('make-model', '--size', 'M', '--out', model);
  const summary: LlmPeer['summary'] = (...args) =>
    JSON.parse(
      run(...args)
        .trim()
        .split('\n')
        .at(-1) ?? '',
    ) as ReturnType<LlmPeer['summary']>;
  return { summary, model, data, work };
}

/** Runs a script of bench/ in a process of its own and reads the JSON that it prints. */
export function child<T>(script: string, args: readonly (string | number)[]): T {
  const typescript = join(ROOT, 'scripts', 'typescript.js');
  return JSON.parse(output(process.execPath, ['-r', typescript, join(__dirname, script), ...args.map(String)])) as T;
}

function output(command: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`bench: ${command} ${args.join(' ')} ended with ${status}: ${stderr.slice(-500)}`);
  return stdout;
}

export function median(values: readonly number[]): number {
  const ordered = [...values].sort((a, b) => a - b);
  return ordered[Math.floor(ordered.length / 2)];
}
