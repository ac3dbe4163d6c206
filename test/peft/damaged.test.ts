import t from 'tap';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel } from '../../lib/models';
import { PeftModel } from '../../lib/peft';
import { torch } from '../../lib/torch';
import { altered, damaged, damagedJson, isClearError, noise, seeded, type Random } from '../fuzz/edits';
import { numbers } from '../parity/expected';

torch.setNumThreads(1);

const CASES = Number(process.env.SOO_TORCH_FUZZ_ADAPTERS ?? 300);
const MODELS = join(__dirname, '..', 'parity', 'models');
const [CONFIG, WEIGHTS] = ['adapter_config.json', 'adapter_model.safetensors'];
const adapters = ['patterns', 'regex', 'all-linear', 'layers'].map((name) => ({
  config: readFileSync(join(MODELS, `peft-${name}`, CONFIG)),
  weights: readFileSync(join(MODELS, `peft-${name}`, WEIGHTS)),
}));

function damagedConfig(config: Uint8Array, random: Random): Uint8Array {
  if (random.below(30) === 0) return noise(300, random);
  if (random.below(2)) return damaged(config, random);
  return Buffer.from(JSON.stringify(damagedJson(JSON.parse(Buffer.from(config).toString('utf8')), random)));
}

/** Mostly the header is hit, where there is something to misread. */
function damagedWeights(weights: Uint8Array, random: Random): Uint8Array {
  if (random.below(2)) return (random.below(2) ? altered : damaged)(weights, random);
  const header = 8 + Number(new DataView(weights.buffer, weights.byteOffset).getBigUint64(0, true));
  const edited = altered(weights.subarray(0, header), random);
  return Uint8Array.from(Buffer.concat([edited, weights.subarray(header)]));
}

t.test(`${CASES} damaged adapters: each is read or refused in one line, and the model stays whole`, (t) => {
  const model = loadModel(join(MODELS, 'tiny'));
  const peft = PeftModel.of(model);
  const logits = (): number[] => torch.scope(() => numbers(model.call(torch.tensor([[1, 2, 3]]))));
  const [before, names] = [logits(), model.namedModules().map(([name]) => name)];
  const folder = t.testdir({});
  const random = seeded(5);
  const came = { read: 0, refused: 0 };
  for (let i = 0; i < CASES; i++) {
    const { config, weights } = random.pick(adapters);
    const which = random.below(3);
    writeFileSync(join(folder, CONFIG), which === 0 ? config : damagedConfig(config, random));
    writeFileSync(join(folder, WEIGHTS), which === 1 ? weights : damagedWeights(weights, random));
    try {
      torch.scope(() => peft.loadAdapter('damaged', folder));
      peft.deleteAdapter('damaged');
      came.read += 1;
    } catch (thrown) {
      came.refused += 1;
      if (!isClearError(thrown)) t.fail(`case ${i}: ${String(thrown)}`);
    }
    if (peft.adapters.size > 0) t.fail(`case ${i}: an adapter is left`);
  }
  t.same(logits(), before);
  t.same(model.namedModules().map(([name]) => name), names); // prettier-ignore
  t.ok(came.read > 0 && came.refused > CASES / 2, JSON.stringify(came));
  t.end();
});
