/** What is tested of each real model; the numbers were made by make_real.py with transformers and gguf. */
import t, { type Test } from 'tap';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertGguf, generate, loadModel, openCheckpoint, type LanguageModel } from '../../lib/models';
import { Linear, quantise } from '../../lib/nn';
import { addLora } from '../../lib/peft';
import type { ChatMessage, Tokenizer } from '../../lib/text';
import { torch, type Tensor } from '../../lib/torch';
import { noUpstream, upstreamPrompts } from '../upstream';

interface Made {
  file: string;
  /** First sixteen digits of each one's hash, as float32. */
  tensors: Record<string, string>;
  ids: Record<'upstream' | 'hard', { count: number; sha256: string }>;
  decoded: string;
  prompts: string[];
  chats: { messages: ChatMessage[]; text: string; ids: number[] }[] | null;
  logitStride: number;
  logits: Logits;
  /** `nearest` is by how much the best token was ahead of the second at the closest step. */
  greedy: { ids: number[]; nearest: number }[];
  gradientPrompt: string;
  gradients: Gradients;
  /** Of NF4: the first sixteen digits of each layer's codes and magnitudes, and what the model then says. */
  fourBit: { codes: Record<string, string>; logits: Logits; gradients: Gradients };
}

type Logits = { values: number[]; best: number; most: number }[];
type Gradients = { loss: number; norms: Record<string, number> };

const NEW_TOKENS = 40;

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** As Python's json module hashes it: ASCII only. */
const jsonHash = (value: unknown): string =>
  sha256(
    JSON.stringify(value).replace(
      /[\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  );

/** Tests the model of that name, whose file lies in the folder that SOO_REAL_MODELS names. */
export function testModel(name: string): void {
  t.setTimeout(1_800_000);
  const made = JSON.parse(readFileSync(join(__dirname, `${name}.json`), 'utf8')) as Made;
  const path = join(process.env.SOO_REAL_MODELS ?? '', made.file);
  const model = loadModel(path);
  const tokenizer = model.tokenizer as Tokenizer;
  testTensors(model, made);
  testTokenizer(tokenizer, made);
  t.test("logits are transformers', within 1e-3", async (t) => testLogits(t, model, tokenizer, made));
  testGreedy(model, tokenizer, made);
  testFolder(path, model, tokenizer, made);
  t.test('gradients through LoRA, within 1e-3 of each', async (t) => testGradients(t, model, tokenizer, made));
  testFourBit(path, model, tokenizer, made);
}

function testTensors(model: LanguageModel, { tensors }: Made): void {
  t.test("every tensor is transformers', to the bit", (t) => {
    const own = model.namedParameters().map(([name, weight]) => {
      const bytes = torch.scope(() => weight.detach().contiguous().bytes());
      return [name, sha256(bytes).slice(0, 16)];
    });
    t.same(Object.fromEntries(own), tensors);
    t.end();
  });
}

function testTokenizer(tokenizer: Tokenizer, { ids, decoded, chats }: Made): void {
  const { strings } = JSON.parse(readFileSync(join(__dirname, '..', 'parity', 'hard-tokenizers.json'), 'utf8')) as {
    strings: string[];
  };
  t.test('ids and texts of 600 hard strings', (t) => {
    const own = strings.map((text) => tokenizer.encode(text));
    t.equal(jsonHash(own), ids.hard.sha256);
    t.equal(jsonHash(own.map((some) => tokenizer.decode(some, { skipSpecialTokens: false }))), decoded);
    t.end();
  });
  t.test("ids of all of upstream's prompts", { skip: noUpstream }, (t) => {
    const own = upstreamPrompts().map((text) => tokenizer.encode(text));
    t.equal(own.length, ids.upstream.count);
    t.equal(jsonHash(own), ids.upstream.sha256);
    t.end();
  });
  t.test('chat templates', (t) => {
    t.equal(tokenizer.hasChatTemplate, chats !== null);
    for (const { messages, text, ids: wanted } of chats ?? []) {
      const own = tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true });
      t.equal(own, text);
      t.same(tokenizer.encode(own, { addSpecialTokens: false }), wanted);
    }
    t.end();
  });
}

const batchOf = (ids: readonly number[]) => torch.tensor(BigInt64Array.from(ids, BigInt), { shape: [1, ids.length] });

function lastLogits(model: LanguageModel, ids: readonly number[]): Float32Array {
  return torch.scope(() =>
    torch.inferenceMode(() => {
      return model.call(batchOf(ids), { lastTokenOnly: true }).to('float32').toTypedArray() as Float32Array;
    }),
  );
}

function testLogits(
  t: Test,
  model: LanguageModel,
  tokenizer: Tokenizer,
  { prompts, logits, logitStride }: Pick<Made, 'prompts' | 'logits' | 'logitStride'>,
): void {
  let far = 0;
  prompts.forEach((prompt, i) => {
    const own = lastLogits(model, tokenizer.encode(prompt));
    const { values, best, most } = logits[i];
    const strided = values.map((_, k) => own[k * logitStride]);
    for (const [k, value] of [...values, most].entries())
      far = Math.max(far, Math.abs(value - [...strided, own[best]][k]));
  });
  t.ok(far < 1e-3, `the farthest is ${far.toExponential(1)} off`);
}

function testGreedy(model: LanguageModel, tokenizer: Tokenizer, { prompts, greedy }: Made): void {
  t.test(`greedy ids of ${prompts.length} prompts, ${NEW_TOKENS} tokens each, side by side`, async (t) => {
    const ids = prompts.map((prompt) => tokenizer.encode(prompt));
    const own = await generate(model, ids, { maxNewTokens: NEW_TOKENS, eosId: null, batchSize: ids.length });
    greedy.forEach(({ ids: wanted, nearest }, i) => t.same(own[i], wanted, `prompt ${i}, where ${nearest} decided`));
  });
}

function testFolder(path: string, model: LanguageModel, tokenizer: Tokenizer, { prompts }: Made): void {
  t.test('the folder that is made of the file is the same model', (t) => {
    const out = join(t.testdir({}), 'folder');
    convertGguf(path, { out });
    t.ok(openCheckpoint(out).tokenizer());
    const folder = loadModel(out);
    const ids = tokenizer.encode(prompts[0]);
    t.same(folder.tokenizer?.encode(prompts[0]), ids);
    // Weights lie at other places of memory, and products of unaligned ones are summed in another order.
    const [own, wanted] = [folder, model].map((one) => lastLogits(one, ids));
    const far = own.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
    t.ok(far < 1e-4, `the farthest logit is ${far.toExponential(1)} off`);
    t.end();
  });
}

function testGradients(
  t: Test,
  model: LanguageModel,
  tokenizer: Tokenizer,
  { gradientPrompt, gradients }: Pick<Made, 'gradientPrompt' | 'gradients'>,
): void {
  const adapter = addLora(model, { r: 4, alpha: 8, targetModules: ['q_proj', 'v_proj'], dropout: 0 });
  const weights = adapter.namedParameters();
  weights.forEach(([name, weight], i) => {
    const value = (k: number): number =>
      0.02 * (name.includes('lora_A') ? Math.sin(0.37 * k + i) : Math.cos(0.53 * k + i));
    const values = Float32Array.from({ length: weight.numel() }, (_, k) => value(k));
    torch.noGrad(() => weight.copy_(torch.tensor(values, { shape: weight.shape })));
  });
  const ids = batchOf(tokenizer.encode(gradientPrompt));
  const length = ids.shape[1];
  const logits = model
    .call(ids)
    .select(0, 0)
    .slice(0, 0, length - 1, 1);
  const loss = torch.crossEntropyLoss(logits, ids.select(0, 0).slice(0, 1, length, 1));
  t.ok(Math.abs(Number(loss.item()) - gradients.loss) < 1e-4, `loss ${Number(loss.item())}`);
  loss.backward();
  let far = 0;
  for (const [name, weight] of weights) {
    const wanted = gradients.norms[name.replace('.default', '')];
    const own = Number(weight.grad?.norm().item());
    far = Math.max(far, Math.abs(own / wanted - 1) || (own === wanted ? 0 : Infinity));
  }
  t.equal(weights.length, Object.keys(gradients.norms).length);
  t.ok(far < 1e-3, `the farthest is ${far.toExponential(1)} of itself off`);
  adapter.dispose();
}

function testFourBit(path: string, model: LanguageModel, tokenizer: Tokenizer, made: Made): void {
  t.test("four bits: codes and magnitudes are bitsandbytes', to the bit", (t) => {
    const own = [...model.namedModules()].flatMap(([at, module]) => {
      const name = `${at}.weight`;
      return module instanceof Linear && at !== 'lm_head' ? [[name, codesHash(module.weight)] as const] : [];
    });
    t.same(Object.fromEntries(own), made.fourBit.codes);
    t.end();
  });
  t.test('four bits: what the model says, and its gradients through LoRA', async (t) => {
    const fourBit = loadModel(path, { quantize: 'nf4' });
    testLogits(t, fourBit, tokenizer, { ...made, ...made.fourBit });
    testGradients(t, fourBit, tokenizer, { ...made, ...made.fourBit });
  });
}

const codesHash = (weight: Tensor): string =>
  torch.scope(() => {
    const { codes, absmax } = quantise(weight.detach(), { double: false });
    return sha256(Buffer.concat([codes, absmax].map((part) => Buffer.from(part.contiguous().bytes())))).slice(0, 16);
  });
