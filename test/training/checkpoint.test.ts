import { join } from 'node:path';
import t from 'tap';
import { AdamW } from '../../lib/optim';
import { addLora } from '../../lib/peft';
import { loadCheckpoint, saveCheckpoint, type RunState } from '../../lib/training/checkpoint';
import { LossScaler } from '../../lib/training';
import { torch } from '../../lib/torch';
import { loadModel } from '../../lib/models';

torch.setNumThreads(1);

const TINY = join(__dirname, '..', 'parity', 'models', 'tiny');
const MOST = { microBatch: 9, step: 9 };

function fresh(autocastAdapterDtype = true): RunState {
  const model = loadModel(TINY, { dtype: 'bfloat16' });
  const adapter = addLora(model, { r: 2, alpha: 4, targetModules: ['q_proj'] }, { autocastAdapterDtype });
  return { adapter, optimizer: new AdamW(adapter.parameters()), scaler: new LossScaler() };
}

t.test('the loss scale goes on where it was', async (t) => {
  const path = join(t.testdir({}), 'checkpoint.safetensors');
  const [before, after] = [fresh(), fresh()];
  const scale = { scale: 8, steps: 3, overflowed: true };
  (before.scaler as LossScaler).state = scale;
  saveCheckpoint(path, before, { microBatch: 4, step: 3 });
  t.same(loadCheckpoint(path, after, MOST), { microBatch: 4, step: 3 });
  t.same(after.scaler?.state, scale);
});

t.test('weights of another dtype are not converted', async (t) => {
  const path = join(t.testdir({}), 'checkpoint.safetensors');
  saveCheckpoint(path, fresh(false), { microBatch: 1, step: 1 });
  t.throws(() => loadCheckpoint(path, fresh(), MOST), {
    name: 'InputError',
    message: /q_proj\.lora_A\.weight is bfloat16, and the run's adapter is float32; start the run anew$/,
  });
  t.ok(loadCheckpoint(path, fresh(false), MOST));
});
