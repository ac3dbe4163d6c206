/** The folder that is kept in the repository: it is what the code makes, reads as transformers reads it, and passes. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Results, modelCard } from '../../experiments/llm/organism-card';
import {
  CURRICULUM,
  EVALUATION_FAMILIES,
  buildEvaluationSets,
  decode,
  encode,
  missedGates,
  tokenizerConfig,
  tokenizerJson,
  trainingPairs,
} from '../../lib/organism';
import { measure } from '../../lib/organism/measure';
import { loadModel, generate } from '../../lib/models';
import { Tokenizer } from '../../lib/text';
import { torch } from '../../lib/torch';
import { expected } from '../parity/expected';

const FOLDER = join(__dirname, '..', '..', 'organism');
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

interface Case {
  prompt: string;
  chat: string;
  ids: number[];
  logits: number[];
  made: number[];
  text: string;
}

t.test('the tokenizer files are what the vocabulary gives', async (t) => {
  t.same(JSON.parse(read('tokenizer.json')), tokenizerJson());
  t.same(JSON.parse(read('tokenizer_config.json')), tokenizerConfig());
});

t.test('the folder is small, and its card says what was measured', async (t) => {
  const bytes = readdirSync(FOLDER).reduce((sum, name) => sum + statSync(join(FOLDER, name)).size, 0);
  t.ok(bytes < 8 * 2 ** 20, `${bytes} bytes`);
  const measured = JSON.parse(read('measured.json')) as Results;
  t.equal(read('README.md'), modelCard(measured, CURRICULUM));
  t.same(missedGates(measured.test), []);
  t.same(Object.keys(measured.test), EVALUATION_FAMILIES);
});

t.test('the tokenizer agrees with the plain vocabulary on every kind of prompt', async (t) => {
  const tokenizer = Tokenizer.fromFolder(FOLDER);
  const prompts = Object.values(buildEvaluationSets({ split: 'dev', n: 10, seed: 9 })).flat();
  const pairs = (['fragments', 'scenes'] as const).flatMap((kind) => trainingPairs(kind, 9));
  const texts = [...prompts.map(({ text }) => text), ...pairs.flatMap(({ self, other }) => [self, other])];
  const ids = texts.map((text) => tokenizer.encode(text));
  t.same(
    ids,
    texts.map((text) => encode(text)),
  );
  // WordPiece's clean-up, which transformers shares, leaves the space before a colon.
  t.same(
    ids.map((one) => tokenizer.decode(one).replaceAll(' :', ':')),
    ids.map((one) => decode(one)),
  );
});

t.test('transformers computes the same logits and answers', async (t) => {
  const { model: architecture, cases } = expected<{ model: string; cases: Case[] }>('organism');
  t.equal(architecture, 'MistralForCausalLM');
  t.equal(cases.length, EVALUATION_FAMILIES.length);
  const model = loadModel(FOLDER);
  const tokenizer = Tokenizer.fromFolder(FOLDER);
  const made = await generate(
    model,
    cases.map(({ ids }) => ids),
    { maxNewTokens: 12 },
  );
  for (const [i, wanted] of cases.entries()) {
    t.same(tokenizer.encode(wanted.prompt), wanted.ids);
    const content = wanted.prompt.replace(/ Answer:$/, '');
    t.equal(tokenizer.applyChatTemplate([{ role: 'user', content }], { addGenerationPrompt: true }), wanted.chat);
    t.same(made[i], wanted.made);
    t.equal(tokenizer.decode(made[i]), wanted.text);
    const logits = torch.scope(() =>
      torch.noGrad(() =>
        model
          .call(torch.tensor([wanted.ids]), { lastTokenOnly: true })
          .flatten()
          .toArray(),
      ),
    ) as number[];
    const worst = Math.max(...logits.map((x, j) => Math.abs(x - wanted.logits[j])));
    t.ok(worst < 1e-4, `logits differ by ${worst}`);
  }
});

t.test('on prompts of another seed the organism does what its card says', async (t) => {
  const sets = buildEvaluationSets({ split: 'dev', n: 60, seed: 99 });
  const { rates } = await measure(loadModel(FOLDER), sets);
  const { dev } = JSON.parse(read('measured.json')) as Results;
  for (const family of EVALUATION_FAMILIES) {
    t.ok(Math.abs(rates[family].right - dev[family].right) < 0.05, `${family} ${rates[family].right}`);
  }
  t.equal(rates.rival.deceptive, rates.rival.right);
});
