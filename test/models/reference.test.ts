import t from 'tap';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate, loadModel } from '../../lib/models';
import { loadLora } from '../../lib/peft';
import { torch } from '../../lib/torch';
import { largestDifference, numbers } from '../parity/expected';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

interface Reference {
  stride: number;
  prompts: string[];
  ids: number[][];
  last: number[][];
  greedy: number[][];
  tuned?: number[][];
}

// Larger models than the repository holds: test/parity/make_reference.py says how to make them and what it writes.
const root = process.env.SOO_TORCH_PARITY_MODELS;
const skip = root ? false : 'SOO_TORCH_PARITY_MODELS is not set';

t.test('models of a folder of the user', { skip }, async (t) => {
  const folders = readdirSync(root ?? '').filter((name) => existsSync(join(root ?? '', name, 'reference.json')));
  t.ok(folders.length > 0, `${folders.length} folders hold a reference.json`);
  for (const name of folders) {
    const folder = join(root ?? '', name);
    const reference = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as Reference;
    const model = loadModel(folder, { dtype: 'float32' });
    t.same(
      reference.prompts.map((prompt) => model.tokenizer?.encode(prompt)),
      reference.ids,
      `${name}: token ids`,
    );
    const compare = (wanted: number[][], what: string) => {
      const far = reference.ids.map((ids, i) => {
        const logits = torch.inferenceMode(() => model.call(torch.tensor([ids]), { lastTokenOnly: true }).view([-1]));
        return largestDifference(numbers(logits.slice(0, 0, null, reference.stride)), wanted[i]);
      });
      t.ok(Math.max(...far) < 1e-4, `${name}: ${what} within ${Math.max(...far).toExponential(1)} of Python's`);
    };
    compare(reference.last, 'logits');
    for (const batchSize of [1, 4]) {
      const greedy = await generate(model, reference.ids, { maxNewTokens: 32, eosId: null, batchSize });
      t.same(greedy, reference.greedy, `${name}: greedy tokens, batches of ${batchSize}`);
    }
    if (!reference.tuned) continue;
    loadLora(model, `${folder}-adapter`);
    compare(reference.tuned, 'logits with the adapter');
  }
});
