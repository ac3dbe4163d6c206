import t from 'tap';
import { addLora } from '../../lib/peft';
import {
  createModel,
  generate,
  parseConfig,
  SharedPads,
  type DecoderConfig,
  type LanguageModel,
} from '../../lib/models';
import { familyOf, modelTypes } from '../../lib/models/families';
import type { Tensor } from '../../lib/torch';
import { padLeft, placed, standIn, torch } from '../device';
import { expected, largestDifference, numbers } from '../parity/expected';
import { closedFormPrompt, closedFormValues } from './closed-form-weights';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

interface Case {
  type: string;
  config: Record<string, unknown>;
  /** First twelve logits behind each prompt. */
  logits: number[][];
  greedy: number[][];
  /** Norm and first three numbers. */
  gradients: Record<string, number[]>;
}

// Made by test/parity/make_families.py with transformers.
const cases = expected<Case[]>('families');
const LENGTHS = [5, 19, 12, 26, 3, 9, 30, 17, 22, 14];
const prompts = LENGTHS.map((length, row) => closedFormPrompt(row, length, 97));

function modelOf(config: DecoderConfig): LanguageModel {
  const model = createModel(config);
  torch.noGrad(() => {
    for (const [name, parameter] of model.namedParameters())
      parameter.copy_(closedFormValues(name, parameter.shape, config.normAddsOne));
  });
  return placed(model).requiresGrad_(false).eval();
}

function lastLogits(model: LanguageModel): number[] {
  const { ids, attentionMask } = padLeft(prompts, { device: model.device });
  const logits = model.call(ids, { attentionMask, lastTokenOnly: true }).select(1, 0);
  return numbers(logits.narrow(1, 0, 12));
}

/** On the pretend device a step takes longer: few tell what there is to tell of it, and one configuration of a family. */
const NEW_TOKENS = standIn ? 8 : 40;
const chosen = cases.filter(({ type }, at) => !standIn || cases.findIndex((one) => one.type === type) === at);

/**
 * How far the logits of real tokens are from a whole pass's when pads are shared, and when a cache is filled in pieces;
 * as a share of the largest.
 */
function samePlaces(model: LanguageModel): number {
  const { device } = model;
  const { ids, attentionMask } = padLeft(prompts, { device });
  const real = (logits: Tensor): number[] => numbers(logits.mul(attentionMask?.unsqueeze(-1) as Tensor));
  const whole = real(model.call(ids, { attentionMask }));
  const shared = real(model.call(ids, { attentionMask, sharedPads: SharedPads.of(attentionMask) }));
  const largest = Math.max(...whole.map(Math.abs));
  const apart = largestDifference(shared, whole) / largest;
  // Angles that depend on the length are those of each piece's end, as in transformers.
  if (['dynamic', 'longrope'].includes(String(model.config.rope.scaling?.type))) return apart;
  using cache = model.makeCache(prompts.length, ids.size(1));
  const pieces = [11, 1, ids.size(1) - 12].map((size) => {
    const at = cache.length;
    return model.call(ids.narrow(1, at, size), { cache, attentionMask: attentionMask?.narrow(1, 0, at + size) });
  });
  return Math.max(apart, largestDifference(real(torch.cat(pieces, 1)), whole) / largest);
}

/** Largest difference of the gradients from transformers', as a share of each gradient's norm. */
function gradientDistance(model: LanguageModel, wanted: Case['gradients']): number {
  const fused = model.config.fusedProjections;
  const targetModules = fused ? ['qkv_proj', 'gate_up_proj'] : ['q_proj', 'v_proj', 'down_proj'];
  addLora(model, { r: 2, alpha: 4, targetModules });
  torch.noGrad(() => {
    for (const [name, parameter] of model.namedParameters()) {
      if (!name.includes('lora_')) continue;
      parameter.copy_(closedFormValues(name.replace('.default', ''), parameter.shape, false).mul(0.1));
    }
  });
  const ids = torch.tensor([prompts[6]], { device: model.device });
  model.call(ids).square().mean().backward();
  const distances = model.namedParameters().flatMap(([name, { grad }]) => {
    if (!grad) return [];
    const [norm, ...first] = wanted[name.replace('.default', '')] ?? [NaN];
    const got = [Number(grad.norm().item()), ...numbers(grad.flatten().narrow(0, 0, first.length))];
    return [largestDifference(got, [norm, ...first]) / norm];
  });
  return distances.length === Object.keys(wanted).length ? Math.max(...distances) : NaN;
}

t.same(
  modelTypes.filter((type) => cases.filter((one) => one.type === type).length < 3),
  [],
  'three configurations or more of every family',
);

for (const [at, { type, config: json, logits, greedy, gradients }] of chosen.entries()) {
  t.test(`${at}: ${type}`, async (t) => {
    const config = parseConfig(json);
    t.same(parseConfig(familyOf(type).write(config, 'float32')), { ...config, dtype: 'float32' }, 'written and read');
    const model = modelOf(config);
    const far = largestDifference(lastLogits(model), logits.flat());
    t.ok(far < 1e-4, `logits of a batch padded on the left: ${far.toExponential(1)} from transformers`);
    const right = greedy.map((ids) => ids.slice(0, NEW_TOKENS));
    const made = await generate(model, prompts, { maxNewTokens: NEW_TOKENS, eosId: null });
    t.same(made, right, 'greedy ids');
    const alone = await generate(model, [prompts[3]], { maxNewTokens: NEW_TOKENS, eosId: null });
    t.same(alone[0], right[3], 'greedy ids of one alone');
    const apart = samePlaces(model);
    t.ok(apart < 2e-5, `pads computed once, and in pieces behind a cache: ${apart.toExponential(1)} apart`);
    const gradient = gradientDistance(modelOf(config), gradients);
    t.ok(gradient < 1e-3, `gradients through LoRA: ${gradient.toExponential(1)} of their norms from transformers`);
  });
}

t.test('a beginning that prompts share gives what each prompt gives alone, windows or not', async (t) => {
  const beginning = closedFormPrompt(40, 44, 97);
  const together = [3, 9, 1].map((length, row) => [...beginning, ...closedFormPrompt(50 + row, length, 97)]);
  for (const { type, config: json } of chosen.filter(({ config }) => 'sliding_window' in config)) {
    const model = modelOf(parseConfig(json));
    const options = { maxNewTokens: 12, eosId: null };
    const alone = await Promise.all(together.map((prompt) => generate(model, [prompt], options)));
    t.same(await generate(model, together, options), alone.flat(), type);
  }
});
