import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const { callsOf } = require('../../scripts/reproduce-llm') as {
  callsOf: (given: readonly string[], env: NodeJS.ProcessEnv) => string[][];
};

const studyFile = (name: string): string => join(__dirname, '../../experiments/studies', `${name}.yaml`);

t.test('a study is frozen, then run, with what else is given; once begun it is only gone on with', async (t) => {
  const shared = [studyFile('organism'), '--out', join('results', 'llm', 'organism')];
  t.same(callsOf([], {}), [
    ['study', 'freeze', ...shared],
    ['study', 'run', ...shared],
  ]);
  const out = t.testdir({ begun: {} });
  const real = [studyFile('smollm2'), '--out', join(out, 'begun'), '--data', 'upstream', '--model', 'a.gguf'];
  const given = ['--model', 'smollm2', `--out=${join(out, 'begun')}`, '--workers', '2'];
  const env = { SOO_UPSTREAM: 'upstream', SOO_MODEL: 'a.gguf' };
  t.same(callsOf(given, env), [
    ['study', 'freeze', ...real],
    ['study', 'run', ...real, '--workers', '2'],
  ]);
  mkdirSync(join(out, 'begun'), { recursive: true });
  writeFileSync(join(out, 'begun', 'study.json'), '{}');
  t.same(callsOf(given, env), [['study', 'run', ...real, '--workers', '2']]);
});

t.test('what cannot be run is refused by name', async (t) => {
  t.throws(() => callsOf(['--model', 'gpt'], {}), /--model must be a study .*\(organism, paper, smollm2\), got "gpt"/);
  t.throws(() => callsOf(['--model', 'smollm2'], {}), /SOO_UPSTREAM or --data must name the folder/);
});
