import t from 'tap';
import { join } from 'node:path';
import { openSafetensors } from '../../lib/checkpoints';
import { generate, loadModel } from '../../lib/models';
import { loadLora } from '../../lib/peft';
import { torch } from '../../lib/torch';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

const MODELS = join(__dirname, '..', 'parity', 'models');
const TINY = join(MODELS, 'tiny');

// A file of its own: what other tests leave to the collector would blur the counts.
t.test('what is loaded, run and disposed of leaves nothing behind', async (t) => {
  const model = loadModel(TINY);
  const loaded = torch.memory();
  t.equal(loaded.tensors, model.parameters().length, 'a loaded model is its parameters and nothing else');
  const unchanged = (what: string) => t.same(torch.memory(), loaded, what);

  for (let i = 0; i < 3; i++)
    await generate(
      model,
      [
        [1, 5, 6],
        [1, 9],
      ],
      { maxNewTokens: 8, eosId: null },
    );
  unchanged('generation');
  const abort = new AbortController();
  const onToken = () => abort.abort();
  await t.rejects(generate(model, [[1, 5, 6], [1]], { maxNewTokens: 8, signal: abort.signal, onToken }));
  unchanged('generation that was stopped');

  for (let i = 0; i < 3; i++) {
    const adapter = loadLora(model, join(MODELS, 'tiny-adapter'));
    torch.scope(() =>
      model
        .call(torch.tensor([[1, 2]]))
        .sum()
        .backward(),
    );
    for (const parameter of adapter.parameters()) parameter.grad = null;
    adapter.dispose();
  }
  unchanged('an adapter that was disposed of');
  t.throws(() => loadLora(model, join(MODELS, 'tied')));
  unchanged('an adapter that could not be loaded');

  torch.scope(() => {
    const file = openSafetensors(join(TINY, 'model.safetensors'));
    for (const name of file.names) file.tensor(name);
    file.dispose();
  });
  unchanged('a file that was read inside a scope');
  t.throws(() => loadModel(MODELS));
  unchanged('a model that could not be loaded');
});
