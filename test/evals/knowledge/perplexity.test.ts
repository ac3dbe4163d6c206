import { join } from 'node:path';
import t from 'tap';
import { perplexity, type Perplexity } from '../../../lib/evals';
import { loadModel } from '../../../lib/models';
import type { Tokenizer } from '../../../lib/text';
import { torch } from '../../../lib/torch';
import { expected } from '../../parity/expected';

torch.setNumThreads(1);

// Made by test/parity/make_perplexity.py with transformers.
const { texts, windows } = expected<{ texts: string[]; windows: ({ window: number } & Perplexity)[] }>('perplexity');
const model = loadModel(join(__dirname, '..', '..', 'parity', 'models', 'tiny'));
const tokenizer = model.tokenizer as Tokenizer;

t.test("perplexity is transformers', whole and in windows", async (t) => {
  for (const { window, ...wanted } of windows) {
    const found = await perplexity(model, tokenizer, texts, { window });
    t.equal(found.tokens, wanted.tokens);
    const far = [found.mean, ...found.texts].map((value, i) => Math.abs(value / [wanted.mean, ...wanted.texts][i] - 1));
    t.ok(Math.max(...far) < 1e-5, `window ${window}: ${Math.max(...far)} off`);
  }
  const [whole, , cut] = windows;
  t.not(whole.mean.toPrecision(5), cut.mean.toPrecision(5), 'the window matters');
});

t.test('what cannot be scored is refused, and a signal ends the work', async (t) => {
  await t.rejects(perplexity(model, tokenizer, []), { message: 'perplexity: wanted texts, got none' });
  await t.rejects(perplexity(model, tokenizer, ['the map', '']), {
    message: /^perplexity: text 1 has [01] tokens, too few/,
  });
  await t.rejects(perplexity(model, tokenizer, texts, { window: 1 }), { message: /wanted a window of 2/ });
  await t.rejects(perplexity(model, tokenizer, texts, { signal: AbortSignal.abort(new Error('enough')) }), { message: 'enough' }); // prettier-ignore
});
