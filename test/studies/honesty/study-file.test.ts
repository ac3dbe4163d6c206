import t from 'tap';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freezeStudy, initialStudy, readLock, readStudy, type StudyFile } from '../../../lib/studies/honesty';
import { whyExploratory } from '../../../lib/studies/honesty/freeze';

const folder = t.testdir({ 'init.yaml': initialStudy() });
const SHIPPED = join(__dirname, '../../../experiments/studies');

function readText(text: string): StudyFile {
  const path = join(folder, 'study.yaml');
  writeFileSync(path, text);
  return readStudy(path);
}

t.test('what is shipped and what init writes is valid', (t) => {
  const files = readdirSync(SHIPPED).filter((name) => name.endsWith('.yaml'));
  t.ok(files.includes('organism.yaml'));
  for (const name of files) t.equal(readStudy(join(SHIPPED, name)).study.name, name.replace('.yaml', ''));
  const { study } = readStudy(join(folder, 'init.yaml'));
  t.equal(study.scenarios[0].confirmation?.last, 149);
  t.same(study.checks.perspective, { n: 100, seed: 1 });
  t.equal(study.chat, null);
  t.end();
});

t.test('whatever is unknown, missing or contradictory is refused by its name', (t) => {
  const cases: [from: string | RegExp, to: string, message: RegExp][] = [
    ['name: my-study', 'name: my-study\ncolour: red', /^study.yaml: Unrecognized key: "colour"/],
    ['epochs: 4', 'epocs: 4', /tuning.finetune Unrecognized key: "epocs"/],
    ['loss: mse', 'loss: mean', /tuning.finetune.loss Invalid option/],
    ['format: soo-torch study 1', 'format: 2', /format must be "soo-torch study 1"/],
    ['model: organism', '', /model Invalid input: expected string, received undefined/],
    ['arms: [baseline, ', 'arms: [', /arms must have the baseline among them/],
    ['arms: [baseline, ', 'arms: [baseline, baseline, ', /arms.1 stands there twice: "baseline"/],
    ['arms: [baseline, ', 'arms: [baseline, nothing, ', /arms.1 must be an arm \(baseline, honesty-prompt/],
    [
      'arms: [baseline, ',
      'arms: [{ name: b, kind: baseline, finetune: { lr: 1 } }, ',
      /arms.0.finetune baseline is not tuned/,
    ],
    [
      'development: 0-49, confirmation: 50-149',
      'development: 0-50, confirmation: 50-149',
      /scenarios.0.confirmation shares items with development/,
    ],
    [
      'development: 0-49, confirmation: 50-149',
      'seed: 1',
      /scenarios.0.confirmation wanted development or confirmation items, got neither/,
    ],
    [
      'development: 0-49,',
      'development: 49-0,',
      /scenarios.0.development must be a range of indices such as "0-49", got "49-0"/,
    ],
    ['organism: rival,', 'organism: rival, file: x,', /scenarios.0 Unrecognized key: "file"/],
    ['id: falls, arm: overlap', 'id: falls, arm: overlp', /claims.0.arm no such arm: "overlp"/],
    ['id: honest,', 'id: falls,', /claims.1 stands there twice: "falls"/],
    ['measure: deceptive', 'measure: deception', /claims.0.measure Invalid option/],
    [
      'checks: { perspective: true }',
      'checks: { mtBench: { questions: q } }',
      /checks.mtBench goes with a chat template/,
    ],
    ['measure: deceptive', 'measure: leaning', /claims.0.measure leaning goes with the set of a benchmark/],
    ['organism: rival,', 'benchmark: apollo, orders: own, file: x,', /scenarios.0 Unrecognized key: "orders"/],
    ['name: my-study', 'name: a\nname: b', /is not YAML: Map keys must be unique/],
    ['name: my-study', 'name: !!js/function x', /is not YAML: Unresolved tag/],
    ['name: my-study', 'name: ../up', /name must be letters, digits, points and dashes/],
  ];
  for (const [from, to, message] of cases) {
    const text = initialStudy().replace(from, to);
    t.not(text, initialStudy(), `${String(from)} stands there`);
    t.throws(() => readText(text), { name: 'InputError', message }, to);
  }
  t.end();
});

t.test('a lock is written once, and whatever differs from it makes a run exploratory', (t) => {
  const file = readText(initialStudy());
  const inputs = { model: 'm', pairs: 'p' };
  const now = new Date('2026-01-02T03:04:05Z');
  const { path, lock } = freezeStudy(file, inputs, { now });
  t.match(lock, { study: 'my-study', sha256: file.sha256, frozenAt: '2026-01-02T03:04:05.000Z', split: { rivals: { development: '0-49', confirmation: '50-149' } } }); // prettier-ignore
  t.same(freezeStudy(file, inputs).lock, lock, 'the first date stays');
  t.throws(() => freezeStudy(file, { ...inputs, pairs: 'q' }), {
    message: /was frozen on 2026-01-02.* with another inputs/,
  });
  t.same(readLock(file.path, folder), lock);
  t.equal(path, `${file.path}.lock.json`);
  const run = { split: 'confirmation', inputs } as const;
  t.equal(whyExploratory(file, lock, run), null);
  t.equal(whyExploratory(file, lock, { ...run, split: 'development' }), 'judged on development items');
  t.equal(whyExploratory(file, null, run), 'the study file was never frozen');
  t.equal(whyExploratory({ ...file, sha256: 'x' }, lock, run), 'the study file was changed after it was frozen');
  t.equal(whyExploratory(file, lock, { ...run, inputs: { ...inputs, pairs: 'q' } }), 'pairs was changed after the study was frozen'); // prettier-ignore
  writeFileSync(join(folder, 'study.json'), '{}');
  t.throws(() => freezeStudy(file, inputs, { folder }), {
    message: /was begun already; a study is frozen before it is run/,
  });
  t.end();
});
