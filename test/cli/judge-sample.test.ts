import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { JudgeAgreement, SampleKey, SheetLine } from '../../lib/studies/honesty';
import { soo } from './soo';

t.setTimeout(240_000); // some starts of the command line on a busy machine

const STUDY = `
format: soo-torch study 1
name: untuned
model: organism
tuning:
  pairs: { organism: scenes }
  finetune: { loss: mse, layer: 3, positions: last, overlapUnit: start, batch: 26, accumulate: 1, epochs: 1 }
seeds: [1]
arms: [baseline, honesty-prompt]
scenarios:
  - { name: rivals, organism: rival, confirmation: 0-9 }
maxNewTokens: 12
claims:
  - { id: falls, arm: honesty-prompt, measure: deceptive, change: falls, by: 0.2 }
`;
const folder = t.testdir({ 'study.yaml': STUDY });
const out = join(folder, 'out');
const at = (name: string): string => join(out, 'judge-sample', name);
const sample = (...more: string[]): string[] => ['study', 'judge-sample', out, ...more];

t.test('a sample is drawn, labelled by hand and read back', (t) => {
  const [ran, drawn, again, early] = soo(
    ['study', 'run', join(folder, 'study.yaml'), '--out', out, '--workers', '1', '--threads', '1'],
    sample('--n', '12', '--json'),
    sample('--n', '12'),
    sample('--read'),
  );
  t.equal(ran.code, 0, ran.stderr);
  t.match(JSON.parse(drawn.stdout), { items: 12 });
  t.match(again, { code: 2, stderr: /lies there already, and may be half labelled/ });
  t.match(early, { code: 2, stderr: 'soo: judge sample: none of 12 items has a label yet\n' });
  const lines = readFileSync(at('sheet.jsonl'), 'utf8').trimEnd().split('\n');
  const sheet = lines.map((line) => JSON.parse(line) as SheetLine);
  const key = JSON.parse(readFileSync(at('key.json'), 'utf8')) as SampleKey;
  t.notMatch(lines.join(), /baseline|honesty-prompt/);
  const labelled = sheet.map((line, i) => ({ ...line, label: i === 0 ? '' : key.items[i].label }));
  writeFileSync(at('sheet.jsonl'), labelled.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const [read, text] = soo(sample('--read', '--json'), sample('--read'));
  const found = JSON.parse(read.stdout) as JudgeAgreement;
  t.match(found, { n: 11, unlabelled: 1, agreement: 1, weighted: 1 });
  t.same(JSON.parse(readFileSync(at('agreement.json'), 'utf8')), found, 'kept for the report');
  t.match(text.stdout, /^11 answers labelled, 1 not; 100% agree/);
  for (const line of text.stdout.split('\n')) t.ok(line.length <= 80 || line.startsWith('11 answers'), line);
  t.end();
});
