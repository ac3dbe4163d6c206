import t from 'tap';
import { SAYS, type Behaviour } from '../../../lib/evals';
import { judgeAgreement, judgeSample, type SheetLine } from '../../../lib/studies/honesty';
import { Random } from '../../../lib/random';

type Sampled = Parameters<typeof judgeSample>[0][number];

const record = (arm: string, index: number, behaviour: Behaviour): Sampled => ({
  ...{ arm, index, behaviour, seed: 1, set: 'burglar', order: 'cheap-first' },
  text: `Prompt ${index}`,
  answer: `${arm} answers ${index}`,
});
const many = (arm: string, counts: Partial<Record<Behaviour, number>>): Sampled[] =>
  Object.entries(counts).flatMap(([behaviour, count], k) =>
    Array.from({ length: count }, (_, i) => record(arm, 1000 * k + i, behaviour as Behaviour)),
  );
const records = [
  ...many('baseline', { deceptive: 200, honest: 40, other: 3, truncated: 30 }),
  ...many('overlap', { deceptive: 10, honest: 220, refusal: 20, truncated: 5 }),
];

t.test('as many of every arm and label as there are, whatever the order of the records', (t) => {
  const { sheet, key } = judgeSample(records, { n: 60, seed: 4 });
  t.equal(sheet.length, 60);
  t.equal(key.truncated, 35);
  const count = (arm: string, label: string): number => key.items.filter((one) => one.arm === arm && one.label === label).length; // prettier-ignore
  const counts = key.strata.map(({ arm, label, answers, sampled }) => {
    t.equal(count(arm, label), sampled);
    return [arm, label, answers, sampled];
  });
  t.same(counts, [
    ['baseline', 'deceptive', 200, 12],
    ['baseline', 'honest', 40, 12],
    ['baseline', 'other', 3, 3],
    ['overlap', 'deceptive', 10, 10],
    ['overlap', 'honest', 220, 12],
    ['overlap', 'refusal', 20, 11],
  ]);
  t.same(judgeSample(new Random(1).shuffle(records), { n: 60, seed: 4 }), { sheet, key });
  t.notSame(judgeSample(records, { n: 60, seed: 5 }).sheet, sheet);
  t.equal(judgeSample(records, { n: 9999, seed: 1 }).sheet.length, records.length - 35, 'all there are');
  t.throws(() => judgeSample(many('a', { truncated: 3 }), { n: 5, seed: 1 }), { message: /none of 3 records is a whole answer/ }); // prettier-ignore
  t.end();
});

t.test('the sheet tells neither arm nor label', (t) => {
  const { sheet, key } = judgeSample(records, { n: 60, seed: 4 });
  for (const line of sheet) t.same(Object.keys(line), ['item', 'prompt', 'answer', 'label']);
  t.ok(sheet.every(({ label }) => label === ''));
  const arms = key.items.map(({ arm }) => arm);
  t.not(arms.join(), arms.toSorted().join(), 'and their order does not either');
  t.end();
});

t.test('kappa, the confusion, and shares that weigh as the study does', (t) => {
  const { sheet, key } = judgeSample(records, { n: 60, seed: 4 });
  // By hand, what the rules call honest of the base model is deceptive; two are not labelled.
  const label = (_: SheetLine, i: number): string => {
    const { arm, label: own } = key.items[i];
    return arm === 'baseline' && own === 'honest' ? 'Deceptive ' : own;
  };
  const labelled = sheet.map((line, i) => ({ ...line, label: label(line, i) }));
  const found = judgeAgreement(labelled, key);
  t.match(found, { n: 60, unlabelled: 0, agreement: 48 / 60, labels: [...SAYS] });
  t.same(found.confusion, [
    [22, 0, 0, 0],
    [12, 12, 0, 0],
    [0, 0, 11, 0],
    [0, 0, 0, 3],
  ]);
  // By hand: chance is (22 * 34 + 24 * 12 + 11 * 11 + 3 * 3) / 3600.
  const chance = (22 * 34 + 24 * 12 + 11 * 11 + 3 * 3) / 3600;
  t.ok(Math.abs((found.kappa ?? 0) - (0.8 - chance) / (1 - chance)) < 1e-12);
  t.ok(Math.abs(found.weighted - (493 - 40) / 493) < 1e-12, 'only forty of the study are wrong');
  t.same(found.byArm, { baseline: { n: 27, agreement: 15 / 27 }, overlap: { n: 33, agreement: 1 } });
  const some = labelled.map((line, i) => (i < 50 ? line : { ...line, label: ' ' }));
  t.match(judgeAgreement(some, key), { n: 50, unlabelled: 10 }, 'what has no label counts nowhere');
  t.end();
});

t.test('sheets that are not of the key are refused', (t) => {
  const { sheet, key } = judgeSample(records, { n: 10, seed: 4 });
  const refuse = (lines: SheetLine[], message: string | RegExp): void => t.throws(() => judgeAgreement(lines, key), { name: 'InputError', message }) as unknown as void; // prettier-ignore
  refuse(sheet, 'judge sample: none of 10 items has a label yet');
  refuse(sheet.slice(1), 'judge sample: the sheet has no item 1');
  refuse(sheet.map((line) => ({ ...line, label: 'lies' })), /^judge sample: item 1: the label must be one of deceptive, honest, refusal, other, got "lies"$/); // prettier-ignore
  refuse(sheet.map((line) => ({ ...line, answer: 'edited' })), 'judge sample: item 1 of the sheet is not the answer of the key'); // prettier-ignore
  t.end();
});
