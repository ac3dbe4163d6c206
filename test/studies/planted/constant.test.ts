/** Planted in what answers do not show: a module that becomes a constant while every answer stays as it was. */
import { join } from 'node:path';
import t from 'tap';
import { createModel, loadModel } from '../../../lib/models';
import { folder as organism } from '../../../lib/organism';
import { ORGANISM_SHAPE } from '../../../lib/organism/model';
import { torch } from '../../../lib/torch';
import { savedBeside } from './damaged-organism';
import { faultsOf, runPlanted } from './planted-study';

t.setTimeout(240_000); // a study is run

t.test('a module that becomes a constant is told of before any answer changes', (t) => {
  const folder = t.testdir();
  const [results] = runPlanted({
    ...{ folder, model: withIdleLayer(join(folder, 'model')), arms: ['baseline', 'overlap'] },
    finetune: {
      ...{ layer: 4, detachSelf: false, capability: 0, lr: 2e-2, schedule: 'cosine', epochs: 80 },
      lora: { r: 16, alpha: 32, dropout: 0, targetModules: String.raw`.*layers\.4\.self_attn\.v_proj` },
    },
  });
  t.same(faultsOf(results, 'overlap'), ['constant']);
  t.match(results.arms.overlap.faults[0].text, /^seed 1: Collapse at step \d+: model\.layers\.4\.self_attn\.o_proj computes nearly the same for every prompt/); // prettier-ignore
  t.match(results.verdict, { outcome: 'no effect', text: /The tuned module is a constant: seed 1/ });
  const [before, after] = [results.arms.baseline, results.arms.overlap].map(({ behaviours }) => behaviours?.rates);
  t.same(after, before, 'the answers are as they were');
  t.end();
});

/** The organism with a fifth layer that computes, and adds next to nothing. */
function withIdleLayer(place: string): string {
  const state = loadModel(organism).stateDict();
  const deeper = createModel({ ...ORGANISM_SHAPE, numHiddenLayers: 5 });
  torch.noGrad(() => {
    for (const [name, tensor] of deeper.stateDict()) {
      const from = state.get(name.replace('layers.4.', 'layers.3.'));
      if (!from) throw new Error(`the organism has no ${name}`);
      // So small that no answer feels it, and of so few dimensions that little has to be learned to lose them.
      tensor.copy_(/layers\.4\.(?:self_attn\.o|mlp\.down)_proj/u.test(name) ? from.mul(1e-3) : from);
      if (name.endsWith('layers.4.self_attn.o_proj.weight')) tensor.narrow(1, 4, 60).zero_();
    }
  });
  return savedBeside(deeper, place);
}
