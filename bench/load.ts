/**
 * Memory and time of loading a model of seven billion parameters: random weights in bfloat16, four shards, 14.5 GB.
 *
 *     node -r ./scripts/typescript.js bench/load.ts --dir DIR [--keep]
 *
 * Makes the checkpoint in DIR (where it is not there), loads it in bfloat16 and in four bits, each in a process of its own,
 * and takes it away again. Prints the peak and the resident memory of each, beside the size of the files.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { saveSafetensors } from '../lib/checkpoints';
import { createModel, loadModel } from '../lib/models';
import { configText } from '../lib/models/families';
import { skipInit } from '../lib/nn';
import { torch, type Tensor } from '../lib/torch';
import { MISTRAL_7B } from './gpu/workload';

const SHARDS = 4;
const shard = (i: number): string => `model-0000${i + 1}-of-0000${SHARDS}.safetensors`;

/** The same million random numbers over and over: what they are makes no difference to memory. */
function makeCheckpoint(dir: string): void {
  mkdirSync(dir, { recursive: true });
  torch.manualSeed(0);
  const noise = torch
    .randn([1 << 20])
    .mul(0.02)
    .to('bfloat16');
  const random = (shape: readonly number[]): Tensor => {
    const count = shape.reduce((product, size) => product * size, 1);
    return noise.repeat([Math.ceil(count / noise.numel())]).narrow(0, 0, count).reshape([...shape]); // prettier-ignore
  };
  const model = skipInit(() => createModel(MISTRAL_7B), 'meta');
  const shapes = model.namedParameters().map(([name, { shape }]) => [name, shape] as const);
  const places: Record<string, string> = {};
  for (let i = 0; i < SHARDS; i++) {
    const own = shapes.slice((i * shapes.length) / SHARDS, ((i + 1) * shapes.length) / SHARDS);
    torch.scope(() => saveSafetensors(join(dir, shard(i)), new Map(own.map(([name, shape]) => [name, random(shape)])), { format: 'pt' })); // prettier-ignore
    for (const [name] of own) places[name] = shard(i);
  }
  writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map: places }));
  writeFileSync(join(dir, 'config.json'), configText(model.config, 'bfloat16'));
}

const megabytes = (kilobytes: number): number => Math.round((kilobytes * 1024) / 1e6);
const status = (field: string): number =>
  megabytes(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]));

/** In a process of its own. */
function measure(dir: string, quantize: 'nf4' | undefined): void {
  const before = status('VmRSS');
  const start = performance.now();
  const model = loadModel(dir, { dtype: 'bfloat16', quantize });
  const seconds = (performance.now() - start) / 1000;
  const loaded = { seconds, before, peak: status('VmHWM'), resident: status('VmRSS') };
  const answer = performance.now();
  torch.scope(() => torch.noGrad(() => model.call(torch.tensor([[1, 5, 9, 20]]), { lastTokenOnly: true })));
  const pass = { seconds: (performance.now() - answer) / 1000, peak: status('VmHWM'), resident: status('VmRSS') };
  console.log(JSON.stringify({ quantize: quantize ?? 'none', loaded, pass }));
}

function main(): void {
  const { values } = parseArgs({
    options: { dir: { type: 'string' }, keep: { type: 'boolean' }, measure: { type: 'string' } },
  });
  if (!values.dir) throw new Error('bench: --dir names a folder with room for 14.5 GB');
  if (values.measure) return measure(values.dir, values.measure === 'nf4' ? 'nf4' : undefined);
  if (!existsSync(join(values.dir, 'config.json'))) makeCheckpoint(values.dir);
  const size = Array.from({ length: SHARDS }, (_, i) => statSync(join(values.dir!, shard(i))).size);
  console.log(`files: ${Math.round(size.reduce((sum, each) => sum + each, 0) / 1e6)} MB; megabytes and seconds below`);
  for (const how of ['bfloat16', 'nf4']) {
    const own = ['-r', './scripts/typescript.js', __filename, '--dir', values.dir, '--measure', how];
    spawnSync(process.execPath, own, { stdio: 'inherit' });
  }
  if (!values.keep) rmSync(values.dir, { recursive: true });
}

main();
