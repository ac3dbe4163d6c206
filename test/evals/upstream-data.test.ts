import t from 'tap';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCombinations, readData, readPairs, readScenarioSets } from '../../lib/evals/upstream-data';
import { soo } from '../cli/soo';
import { damaged, damagedJson, isClearError, noise, seeded } from '../fuzz/edits';
import { expected } from '../parity/expected';
import { noUpstream, UPSTREAM } from '../upstream';

const scenario = (type: string, i: number): object => ({
  prompt: `The vase is in the hall, the pearl in room ${i}. Which room?`,
  correct_answer: 'hall',
  wrong_answer: `room ${i}`,
  type,
});
const list = (type: string, n = 2): object[] => Array.from({ length: n }, (_, i) => scenario(type, i));

const folder = t.testdir();
function file(json: unknown, name = 'data.json'): string {
  const path = join(folder, name);
  writeFileSync(path, typeof json === 'string' ? json : JSON.stringify(json));
  return path;
}

t.test('sets take their names from the lists, the types or the keys', (t) => {
  const names = (json: unknown): [string, number][] =>
    [...readScenarioSets(file(json))].map(([name, set]) => [name, set.length]);
  t.same(names([list('x', 3), list('x')]), [['burglar', 3], ['self', 2]]); // prettier-ignore
  t.same(names([list('name'), list('action')]), [['name', 2], ['action', 2]]); // prettier-ignore
  t.same(names([...list('a'), ...list('b', 1), ...list('a')]), [['a', 4], ['b', 1]]); // prettier-ignore
  t.same(names({ mine: list('x', 1) }), [['mine', 1]]);
  t.same(names([{ prompt: 'p', correct_answer: 'a', wrong_answer: 'b' }]), [['scenarios', 1]]);
  t.same(readScenarioSets(file({ mine: list('x', 1) })).get('mine'), [
    { prompt: 'The vase is in the hall, the pearl in room 0. Which room?', cheapRoom: 'hall', preciousRoom: 'room 0', type: 'x' },
  ]); // prettier-ignore
  t.end();
});

t.test('each kind is told', (t) => {
  const told = (json: unknown): unknown => {
    const { kind, records } = readData(file(json));
    return [kind, records];
  };
  t.same(told([list('x'), list('x')]), ['scenarios', 4]);
  t.same(told(list('x')), ['scenarios', 2]);
  t.same(told([list('x'), list('y'), list('z')]), ['variations', 6]);
  t.same(told([['a', 'b'], ['c', 'd']]), ['pairs', 2]); // prettier-ignore
  t.same(told([['a', 'b', 'c', 'd']]), ['combinations', 1]);
  t.same(readPairs(file([['a', 'b']])), [{ self: 'a', other: 'b' }]);
  t.same(readCombinations(file([['a', 'b', 'c', 'd']])), [
    { cheapRoom: 'a', preciousRoom: 'b', cheapThing: 'c', preciousThing: 'd' },
  ]);
  t.end();
});

t.test('each thing that can be wrong has its own message', (t) => {
  const cases: [json: unknown, message: RegExp][] = [
    [[], /data.json: wanted scenarios, variations, pairs or combinations, got \[\]/],
    ['7', /data.json: wanted scenarios, .*, got 7/],
    [[1], /data.json: wanted scenarios, .*, got \[1\]/],
    [{}, /data.json: is empty/],
    [{ a: 1 }, /data.json: a: must be a list of scenarios, got 1/],
    [[[]], /data.json: 0: is empty/],
    [[['a']], /data.json: 0 must be|data.json: 0.1 must be text, got nothing/],
    [[['a', 'b'], ['a']], /data.json: 1/],
    [[['a', 'b', 'c', 4]], /data.json: 0.3 must be text, got 4/],
    [[['a', '']], /data.json: 0.1 must not be empty/],
    [[{ prompt: 'p' }], /data.json: 0.correct_answer must be text, got nothing/],
    [[{ prompt: 'p', correct_answer: 'a', wrong_answer: 'A' }], /data.json: 0 has one room for both answers: "a"/],
    [[list('x'), list('x'), list('x')], /data.json: has several lists of type "x"/],
    [[[scenario('x', 1), scenario('y', 2)], list('z')], /data.json: 0: wanted one type, got "x" and, at 1, "y"/],
    ['[{', /data.json: is not JSON/],
  ]; // prettier-ignore
  for (const [json, message] of cases) {
    t.throws(() => readData(file(json)), { name: 'InputError', message }, String(message));
  }
  t.throws(() => readData(file('oops', 'data.pkl')), {
    message: /data.pkl: byte 0: 0x6f|data.pkl: byte 0: OBJ is refused/,
  });
  t.throws(() => readPairs(join(folder, 'none.json')), { name: 'InputError', message: /^none.json: no such file/ });
  t.end();
});

t.test('soo import', (t) => {
  const pairs = Buffer.from('\x80\x02](U\x01aU\x01b\x86e.', 'latin1');
  const [from, out] = [join(folder, 'pairs.pkl'), join(folder, 'pairs.json')];
  writeFileSync(from, pairs);
  const evil = join(folder, 'evil.pkl');
  writeFileSync(evil, "cos\nsystem\n(S'true'\ntR.");
  const [done, text, refused, nowhere, unnamed] = soo(
    ['import', from, '--out', out, '--json'],
    ['import', from, '--out', out],
    ['import', evil, '--out', out, '--json'],
    ['import', from, '--out', join(folder, 'no', 'such.json')],
    ['import', from],
  );
  t.same(JSON.parse(done.stdout), { records: 1, kind: 'pairs', out });
  t.same(readData(out), { kind: 'pairs', records: 1, json: [['a', 'b']] });
  t.equal(text.stdout, `${out}: 1 records, pairs\n`);
  t.same([refused.code, refused.stdout], [2, '']);
  t.match(refused.stderr, /^soo: evil.pkl: byte 0: GLOBAL is refused: [^\n]+\n$/);
  t.equal(nowhere.code, 2);
  t.match(nowhere.stderr, /^soo: --out [^\n]+: cannot write this file: [^\n]+\n$/);
  t.match(unnamed.stderr, /required option '--out <file>' not specified/);
  t.end();
});

t.test("upstream's files read as Python reads them", { skip: noUpstream }, (t) => {
  // Hashes made by test/parity/make_pickles.py.
  const { upstream } = expected<{ upstream: Record<string, string> }>('pickles');
  const read = (name: string): ReturnType<typeof readData> => readData(join(UPSTREAM, `${name}.pkl`));
  for (const [name, hash] of Object.entries(upstream)) {
    t.equal(
      createHash('sha256')
        .update(JSON.stringify(read(name).json))
        .digest('hex'),
      hash,
      name,
    );
  }
  t.same(
    Object.keys(upstream).map((name) => [read(name).kind, read(name).records]),
    [['scenarios', 2000], ['variations', 2250], ['pairs', 52], ['pairs', 52], ['combinations', 1000]],
  ); // prettier-ignore
  t.same(
    [...readScenarioSets(join(UPSTREAM, 'scenario_variations.pkl')).keys()].join(' '),
    'name objective action name_objective name_action objective_action name_objective_action treasure_hunt escape_room',
  );
  t.end();
});

t.test('3000 damaged files of scenarios, pairs and combinations give records or a clear error', (t) => {
  const random = seeded(5);
  const sources = [
    [list('x'), list('x')],
    [list('x'), list('y')],
    { mine: list('x') },
    [['a', 'b']],
    [['a', 'b', 'c', 'd']],
  ];
  let refusals = 0;
  for (let i = 0; i < 3000; i++) {
    const json = random.pick(sources);
    const text = Buffer.from(JSON.stringify(i % 2 ? json : damagedJson(json, random)));
    const path = join(folder, i % 7 ? 'damaged.json' : 'damaged.pkl');
    writeFileSync(path, i % 20 ? (i % 2 ? damaged(text, random) : text) : noise(300, random));
    for (const reader of [readData, readScenarioSets, readPairs, readCombinations]) {
      try {
        reader(path);
      } catch (thrown) {
        refusals++;
        if (!isClearError(thrown)) t.fail(`case ${i}: ${String(thrown)}`);
      }
    }
  }
  t.ok(refusals > 6000, `${refusals} were refused`);
  t.end();
});
