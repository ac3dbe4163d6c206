import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { soo } from './soo';

const TINY = join(__dirname, '..', 'parity', 'models', 'tiny');
const dir = t.testdir({
  'pairs.json': JSON.stringify([
    ['You want the ruby.', 'Bob wants the ruby.'],
    ['You plan to take it.', 'Bob plans to take it.'],
  ]),
  'prompts.json': JSON.stringify(['Nobody', 'Bob takes the map']),
  'odd': { 'config.json': JSON.stringify({ ...JSON.parse(readFileSync(join(TINY, 'config.json'), 'utf8')), quantization_config: { quant_method: 'gptq' } }) },
}); // prettier-ignore
const at = (name: string): string => join(dir, name);

t.test('a model in four bits is written, computed with, tuned and measured', async (t) => {
  const prompts = ['--prompts', at('prompts.json'), '--json', '--threads', '1'];
  const tune = ['--pairs', at('pairs.json'), '--batch', '2', '--accumulate', '1', '--epochs', '12', '--lr', '1e-2'];
  const [written, stored, now, tuned, onDisk, answers] = soo(
    ['quantize', '--model', TINY, '--out', at('four'), '--json'],
    ['logits', '--model', at('four'), ...prompts],
    ['logits', '--model', TINY, '--quantize', 'nf4', ...prompts],
    ['finetune', '--model', at('four'), '--out', at('tuned'), ...tune, '--json', '--threads', '1'],
    ['finetune', '--model', TINY, '--quantize', 'nf4', '--out', at('again'), ...tune, '--json', '--threads', '1'],
    ['generate', '--model', at('four'), '--adapter', at('tuned'), '--max-new-tokens', '5', ...prompts],
  );
  for (const { code, stderr } of [written, stored, now, tuned, onDisk, answers]) t.equal(code, 0, stderr);
  t.same(readdirSync(at('four')).sort(), [...readdirSync(TINY)].sort());
  t.match(JSON.parse(readFileSync(join(at('four'), 'config.json'), 'utf8')), {
    quantization_config: { quant_method: 'bitsandbytes', load_in_4bit: true, llm_int8_skip_modules: ['lm_head'] },
  });
  t.same(JSON.parse(stored.stdout), JSON.parse(now.stdout), 'quantised now or before: the same bits');
  const losses = (text: string): number[] => (JSON.parse(text) as { epochLosses: number[] }).epochLosses;
  t.same(losses(tuned.stdout), losses(onDisk.stdout));
  t.ok(losses(tuned.stdout).at(-1)! < 0.7 * losses(tuned.stdout)[0], String(losses(tuned.stdout)));
  t.match(JSON.parse(readFileSync(join(at('again'), 'run.json'), 'utf8')), { inputs: { quantize: 'nf4' } });
  t.ok(existsSync(join(at('tuned'), 'adapter_model.safetensors')));
});

t.test('what cannot be is said in one line', async (t) => {
  writeFileSync(at('file'), '');
  const outcomes = soo(
    ['quantize', '--model', TINY, '--out', TINY],
    ['quantize', '--model', at('odd'), '--out', at('none')],
    ['quantize', '--model', at('nothing'), '--out', at('none')],
    ['logits', '--model', TINY, '--prompts', at('prompts.json'), '--quantize', 'int8'],
  );
  const wanted = [
    /--out .*: is the model's own folder/,
    /config.json: quantization_config quant_method "gptq" is not supported; read are bitsandbytes \(nf4\), fp8/,
    /--model .*nothing: no such folder/,
    /--quantize <type>.*'int8' is invalid. Allowed choices are nf4/,
  ];
  outcomes.forEach(({ code, stderr }, i) => {
    t.equal(code, 2);
    t.match(stderr, wanted[i]);
  });
});
