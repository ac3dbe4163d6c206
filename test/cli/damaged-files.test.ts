import t from 'tap';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { altered, damaged, damagedJson, noise, seeded } from '../fuzz/edits';
import { expected } from '../parity/expected';
import { soo } from './soo';

t.setTimeout(120_000); // hundreds of calls on a busy machine

const CASES = 150;
const PARITY = join(__dirname, '..', 'parity');
const folder = t.testdir({});
const random = seeded(21);

const { values } = expected<{ values: { pickles: Record<string, string> }[] }>('pickles');
const { scenarios } = expected<{ scenarios: object[] }>('deception');
const { pairs } = expected<{ pairs: [string, string][] }>('latent');
const pickles = values.flatMap(({ pickles }) => Object.values(pickles).map((pickle) => Buffer.from(pickle, 'base64')));
/** Pickles of pairs: what is left of them after damage may still be read. */
const pairPickle = Buffer.from('\x80\x02](U\x03oneU\x05other\x86U\x03twoU\x05third\x86e.', 'latin1');
const model = readFileSync(join(PARITY, 'tokenizers', 'sentencepiece-bpe', 'tokenizer.model'));
const prompts = ['The gardener', { prompt: 'hides the map', type: 'x' }];

function written(name: string, content: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, random.below(20) ? content : noise(200, random));
  return path;
}

/** A JSON file with either its bytes or its values damaged. */
function damagedFile(name: string, json: unknown): string {
  const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  return written(name, random.below(2) ? damaged(text(json), random) : text(damagedJson(json, random)));
}

function damagedTokenizer(i: number): string {
  const own = join(folder, `tokenizer${i}`);
  mkdirSync(own);
  written(join(`tokenizer${i}`, 'tokenizer.model'), (i % 4 ? altered : damaged)(model, random));
  if (i % 3 === 0) cpSync(join(PARITY, 'models', 'tiny', 'tokenizer_config.json'), join(own, 'tokenizer_config.json'));
  return own;
}

const tiny = ['--model', join(PARITY, 'models', 'tiny'), '--threads', '1', '--json'];
const few = ['--limit', '1', '--max-new-tokens', '1'];
writeFileSync(join(folder, 'good.json'), JSON.stringify(prompts));
const indices = Array.from({ length: CASES }, (_, i) => i);
const calls: Record<string, string[][]> = {
  pickles: indices.map((i) => {
    const pickle = written(`${i}.pkl`, i % 2 ? altered(pairPickle, random) : damaged(random.pick(pickles), random));
    return ['import', pickle, '--out', join(folder, 'imported.json'), '--json'];
  }),
  tokenizers: indices.map((i) => ['tokenize', '--model', damagedTokenizer(i), '--prompts', join(folder, 'good.json'), '--json']), // prettier-ignore
  prompts: indices.map((i) => ['tokenize', ...tiny, '--prompts', damagedFile(`prompts${i}.json`, prompts)]),
  scenarios: indices.map((i) => ['deception', ...tiny, ...few, '--scenarios', damagedFile(`scenarios${i}.json`, scenarios.slice(0, 2))]), // prettier-ignore
  pairs: indices.map((i) => ['latent', ...tiny, '--pairs', damagedFile(`pairs${i}.json`, pairs.slice(0, 2))]),
};

const outcomes = soo(...Object.values(calls).flat());
Object.entries(calls).forEach(([name, { length }], i) => {
  t.test(`${length} calls with damaged ${name} end with 0 and an object, or with 2 and one line`, (t) => {
    const own = outcomes.slice(i * CASES, (i + 1) * CASES);
    own.forEach(({ code, stdout, stderr }, k) => {
      const clear = /^soo: [^\n]+\n$/.test(stderr) && stderr.length < 600 && stdout === '';
      const done = code === 0 && stdout.startsWith('{') && typeof JSON.parse(stdout) === 'object';
      if (!done && !(code === 2 && clear)) t.fail(`case ${k}: ${code} ${stderr}`);
    });
    const refused = own.filter(({ code }) => code === 2).length;
    t.ok(refused > CASES / 10 && refused < CASES, `${refused} of ${CASES} were refused`);
    t.end();
  });
});
