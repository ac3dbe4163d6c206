import t from 'tap';
import { graphRecorder, torch } from '../../lib/torch';
import { native } from '../../lib/torch/load-native';

t.test('graphs are captured on GPUs alone, and by builds that have them', async (t) => {
  t.equal(graphRecorder('cpu'), null);
  t.equal(graphRecorder(torch.device('meta')), null);
  if (!torch.cuda.version) t.notOk(native.hasGraphs());
  if (!native.hasGraphs()) t.equal(graphRecorder('cuda:0'), null);
  t.throws(() => native.beginGraph('cpu'), /graphs are captured on GPUs, by builds for CUDA/);
});

t.test('what is no graph is refused', async (t) => {
  const foreign = [{}, 1, null] as unknown as Parameters<typeof native.replayGraph>[0][];
  for (const graph of foreign) {
    for (const call of [native.endGraph, native.replayGraph, native.dropGraph])
      t.throws(() => call(graph), /expected a captured graph/);
  }
});
