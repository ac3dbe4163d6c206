/** A folder of safetensors to the device: seconds, gigabytes a second, and peak memory. The folder is written first. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate, loadModel } from '../../lib/models';
import { torch } from '../../lib/torch';
import { milliseconds, resetPeak, tell, tellPeak } from './measure';
import { randomModel } from './random-model';
import { DEVICE, decodingPrompts, shape, sizes } from './workload';

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'soo-torch-gpu-load-'));
  try {
    torch.scope(() => randomModel({ shape: { ...shape, numHiddenLayers: sizes.layersOnDisk } }).save(folder));
    const bytes = statSync(join(folder, 'model.safetensors')).size;
    resetPeak();
    const load = (): ReturnType<typeof loadModel> => loadModel(folder, { device: DEVICE, dtype: 'bfloat16' });
    let model = load();
    const ms = await milliseconds(() => {
      model = load();
    });
    tell('load.seconds', ms / 1000, 's', 'lower');
    tell('load.rate', bytes / 1e6 / ms, 'GB/s', 'higher');
    tell('load.host-memory', (process.resourceUsage().maxRSS * 1024) / 1e9, 'GB');
    const [[token]] = await generate(model, decodingPrompts(1), { maxNewTokens: 1, eosId: null });
    if (!Number.isInteger(token)) throw new Error(`load: the model that was read gives no token but ${token}`);
    tellPeak('load.memory');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();
