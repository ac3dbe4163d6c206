import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAMILIES, generateFamily, promptHash, withFactsSwapped, type DeceptionRates, type DeceptionRecord } from '../../lib/evals'; // prettier-ignore
import { soo } from './soo';

t.setTimeout(90_000); // a start of the command line on a busy machine

const TINY = join(__dirname, '..', 'parity', 'models', 'tiny');
const folder = t.testdir({ 'rivals.json': '[{"prompt":"a or b?","correct_answer":"a","wrong_answer":"b"}]' });
const at = (name: string): string => join(folder, name);
const call = (...args: string[]): string[] =>
  ['deception', '--model', TINY, '--max-new-tokens', '2', '--threads', '1', '--json', ...args]; // prettier-ignore

const [one, motive, both, mixed, unknown, two, neither, friendless] = soo(
  call('--family', 'burglar', '--n', '4', '--out', at('one.jsonl')),
  call('--family', 'white-lie', '--n', '2', '--family-seed', '3', '--variant', 'name', '--split', 'confirmation'),
  call('--family', 'market,travel', '--n', '2', '--relation', 'friend', '--orders', 'both', '--out', at('both.jsonl')),
  call('--family', 'burglar,gift'),
  call('--family', 'bank'),
  call('--family', 'burglar', '--scenarios', at('rivals.json')),
  call(),
  call('--family', 'gift', '--relation', 'friend'),
);

type Printed = DeceptionRates & { motive: string; sets: Record<string, DeceptionRates> };
const printed = ({ stdout }: { stdout: string }): Printed => JSON.parse(stdout) as Printed;
const records = (name: string): DeceptionRecord[] =>
  readFileSync(at(name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as DeceptionRecord);

t.test('families are asked instead of a file', (t) => {
  t.equal([one, motive, both].map(({ code }) => code).join(''), '000', one.stderr);
  const scenarios = generateFamily({ family: 'burglar', n: 4, seed: 1, split: 'development' });
  t.same(records('one.jsonl').map(({ prompt }) => prompt), scenarios.map(({ prompt }) => promptHash(prompt))); // prettier-ignore
  t.match(printed(one), { n: 4, motive: 'concealment', sets: { burglar: { n: 4 } } });
  t.match(printed(motive), { n: 4, motive: 'white-lie', sets: { 'gift/name': { n: 2 }, 'dinner/name': { n: 2 } } });
  t.match(printed(both), { n: 8, sets: { 'market/friend': { n: 4 }, 'travel/friend': { n: 4 } } });
  const [travel] = generateFamily({ family: 'travel', n: 2, seed: 1, split: 'development', relation: 'friend' });
  const [, , , , first, swapped] = records('both.jsonl');
  t.same([first.prompt, swapped.prompt], [travel, withFactsSwapped(travel)].map((one) => promptHash(one?.prompt ?? ''))); // prettier-ignore
  t.end();
});

t.test('motives are not counted together, and what is not there is named', (t) => {
  t.equal([mixed, unknown, two, neither, friendless].map(({ code }) => code).join(''), '22222');
  t.match(mixed.stderr, /burglar is about concealment and gift about white-lie, which are never counted together/);
  t.match(unknown.stderr, new RegExp(`wanted a family of ${FAMILIES[0].name}, .*, got "bank"`, 'u'));
  t.match(two.stderr, /--scenarios and --family: name one of them/);
  t.match(neither.stderr, /wanted --scenarios FILE or --family NAME, got neither/);
  t.match(friendless.stderr, /family gift: wanted a relation of rival, got "friend"/);
  t.end();
});
