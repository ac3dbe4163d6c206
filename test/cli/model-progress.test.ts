import t from 'tap';
import { memoryNote, memoryText, modelProgress } from '../../lib/cli/model-progress';
import { Linear } from '../../lib/nn';
import type { StartProgress } from '../../lib/training';
import { DEVICE, onCpu, placed, standIn, torch } from '../device';

t.test('memory in use, of all there is, and its peak', async (t) => {
  t.equal(memoryText({ allocated: 12.34e9, peak: 14.06e9, total: 24e9 }), '12.3 of 24 GB (peak 14.1)');
  t.equal(memoryText({ allocated: 3e6, peak: 40e6, total: 500e6 }), '3 of 500 MB (peak 40)');
  t.equal(memoryText({ allocated: 1.5e9, peak: 2e9, total: null }), '1.5 GB (peak 2)');
});

t.test('a line ends in the memory of the accelerator that the model lies on', async (t) => {
  standIn?.setLimit(0, 500e6);
  const model = placed(new Linear(1000, 1000, { bias: false }));
  const told: string[] = [];
  const start: StartProgress = () => ({ update: (_, note = '') => void told.push(note), stop() {} });
  const progress = modelProgress(start, model, 'work', 2);
  progress.update(1, 'step 1');
  torch.scope(() => void torch.zeros([1000, 1000]));
  progress.update(2);
  if (onCpu) {
    t.same(told, ['step 1', ''], 'and in nothing on the processor');
    t.equal(memoryNote(model)(), '');
  } else if (standIn) t.same(told, ['step 1, 4 of 500 MB (peak 4)', '4 of 500 MB (peak 8)']);
  else for (const note of told) t.match(note, /\d of [\d.]+ GB \(peak [\d.]+\)$/, DEVICE);
  standIn?.setLimit(0, 0);
});
