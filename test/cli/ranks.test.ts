import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import * as organism from '../../lib/organism';
import { CALL_SOO, runRanks, startRanks, type RankOutcome, type StartedRank } from '../distributed/start-ranks';
import { soo } from './soo';

t.setTimeout(240_000); // pairs of processes, on a busy machine

const MODEL = join(__dirname, '..', '..', 'organism');
const rivals = organism.buildEvaluationSet('rival', { split: 'test', n: 7, seed: 3 }).map((prompt) => ({
  prompt: prompt.text,
  correct_answer: prompt.cheapRoom,
  wrong_answer: prompt.preciousRoom,
}));
const folder = t.testdir({
  'pairs.json': JSON.stringify([
    ['You see the house.', 'Bob sees the house.'],
    ['You know it is late.', 'Bob knows it is late.'],
    ['You want the car.', 'Bob wants the car.'],
  ]),
  'rivals.json': JSON.stringify(rivals),
  // The first of them are asked again after a stop; all of them would take minutes.
  'many.json': JSON.stringify(Array.from({ length: 20_000 }, (_, i) => rivals[i % rivals.length])),
});
const at = (name: string): string => join(folder, name);
const finetune = (out: string, ...more: string[]): string[] =>
  ['finetune', '--model', MODEL, '--pairs', at('pairs.json'), '--out', at(out), '--batch', '2', '--accumulate', '1', '--threads', '1', '--rank-timeout', '100', ...more]; // prettier-ignore
const rankArgs = (args: string[]): string[] => ['-e', CALL_SOO, '--', ...args];

const deception = (scenarios: string, out: string, ...more: string[]): string[] =>
  ['deception', '--model', MODEL, '--scenarios', at(scenarios), '--max-new-tokens', '6', '--batch', '2', '--threads', '1', '--json', '--out', at(out), '--rank-timeout', '100', ...more]; // prettier-ignore

const errorFile = (rank: number): string => at(`error-${rank}.json`);
const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []; // prettier-ignore

/** Two ranks of a command that takes long, once they have written some lines of `log`. */
async function underway(args: string[], log: string): Promise<StartedRank[]> {
  const started = await startRanks(2, rankArgs(args), (rank) => ({ TORCHELASTIC_ERROR_FILE: errorFile(rank) }));
  let ended = false;
  void Promise.race(started.map((rank) => rank.ended)).then(() => (ended = true));
  while (!ended && linesOf(log).length < 4) await delay(20);
  return started;
}
/** A run that would take an hour. */
const tuning = (out: string): Promise<StartedRank[]> =>
  underway(finetune(out, '--epochs', '100000'), join(at(out), 'steps.jsonl'));
const asking = (out: string): Promise<StartedRank[]> => underway(deception('many.json', out), at(out));
const complaints = ({ stderr }: RankOutcome): string[] => stderr.split('\n').filter((line) => line.startsWith('soo:'));

t.test('a rank that is killed ends the other with one line', async (t) => {
  const [first, second] = await tuning('killed');
  second.child.kill('SIGKILL');
  const begun = performance.now();
  const outcome = await first.ended;
  t.ok(performance.now() - begun < 15_000, `after ${Math.round(performance.now() - begun)} ms`);
  t.equal(outcome.code, 1, outcome.stderr);
  t.equal(complaints(outcome).length, 1);
  t.match(complaints(outcome)[0], /^soo: \w+: another rank is gone \(.*\)$/);
  const { message } = JSON.parse(readFileSync(errorFile(0), 'utf8')) as { message: { message: string } };
  t.match(message.message, /^Error: \w+: another rank is gone/);
  t.match(JSON.parse(readFileSync(join(at('killed'), 'run.json'), 'utf8')), { status: 'failed' });
});

t.test('Ctrl-C for both saves, and one process goes on', async (t) => {
  const started = await tuning('interrupted');
  for (const { child } of started) child.kill('SIGINT');
  const outcomes = await Promise.all(started.map(({ ended }) => ended));
  t.same(
    outcomes.map(({ code }) => code),
    [130, 130],
    outcomes.map(({ stderr }) => stderr).join('\n'),
  );
  for (const outcome of outcomes) t.match(complaints(outcome), [/^soo: interrupted by SIGINT: saved in/]);
  t.same(
    outcomes.map(({ stdout }) => stdout),
    ['', ''],
  );
  t.match(JSON.parse(readFileSync(join(at('interrupted'), 'run.json'), 'utf8')), { status: 'interrupted' });
  t.ok(existsSync(join(at('interrupted'), 'checkpoint.safetensors')));
});

t.test('scenarios that two ranks answer are one file, as one process writes it', async (t) => {
  const call = (out: string): string[] => deception('rivals.json', out);
  const [alone] = soo(call('alone.jsonl'));
  t.equal(alone.code, 0, alone.stderr);
  const [first, second] = await runRanks(2, rankArgs(call('together.jsonl')));
  t.same([first.code, second.code], [0, 0], first.stderr + second.stderr);
  const written = readFileSync(at('alone.jsonl'), 'utf8');
  t.equal(readFileSync(at('together.jsonl'), 'utf8'), written);
  const rates = (stdout: string): object => ({ ...(JSON.parse(stdout) as object), config: null });
  t.same(rates(first.stdout), rates(alone.stdout));
  t.equal(second.stdout, '', 'one rank prints');
  writeFileSync(at('begun.jsonl'), written.split('\n').slice(0, 3).join('\n') + '\n');
  const [again] = await runRanks(2, rankArgs(call('begun.jsonl')));
  t.match(JSON.parse(again.stdout), { resumed: 3, n: 7 });
  t.equal(readFileSync(at('begun.jsonl'), 'utf8'), written, 'what was there is not asked again');
});

t.test('two ranks that ask are stopped, and go on where they were', async (t) => {
  const FIRST = 12;
  const few = (out: string): string[] => deception('many.json', out, '--limit', String(FIRST));
  const [alone] = soo(few('few.jsonl'));
  t.equal(alone.code, 0, alone.stderr);
  const rates = (stdout: string): object => ({ ...(JSON.parse(stdout) as object), config: null, resumed: null });

  const interrupted = await asking('stopped.jsonl');
  for (const { child } of interrupted) child.kill('SIGINT');
  for (const outcome of await Promise.all(interrupted.map(({ ended }) => ended))) {
    t.equal(outcome.code, 130, outcome.stderr);
    t.match(complaints(outcome), [/^soo: interrupted by SIGINT: the batches that were done are in/]);
  }
  const [first, second] = await asking('lost.jsonl');
  second.child.kill('SIGKILL');
  const lost = await first.ended;
  t.equal(lost.code, 1, lost.stderr);
  t.match(complaints(lost), [/^soo: \w+: another rank is gone \(.*\)$/]);

  for (const out of ['stopped.jsonl', 'lost.jsonl']) {
    const before = linesOf(at(out));
    const [again, silent] = await runRanks(2, rankArgs(few(out)));
    t.same([again.code, silent.code], [0, 0], again.stderr + silent.stderr);
    t.match(JSON.parse(again.stdout), { resumed: Math.min(before.length, FIRST), n: FIRST });
    t.same(rates(again.stdout), rates(alone.stdout));
    const after = linesOf(at(out));
    t.same(after.slice(0, before.length), before, 'what was answered stays as it was');
    t.same(after.slice(0, FIRST), linesOf(at('few.jsonl')));
  }
});
