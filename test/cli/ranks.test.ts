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
});
const at = (name: string): string => join(folder, name);
const finetune = (out: string, ...more: string[]): string[] =>
  ['finetune', '--model', MODEL, '--pairs', at('pairs.json'), '--out', at(out), '--batch', '2', '--accumulate', '1', '--threads', '1', '--rank-timeout', '100', ...more]; // prettier-ignore
const rankArgs = (args: string[]): string[] => ['-e', CALL_SOO, '--', ...args];

const errorFile = (rank: number): string => at(`error-${rank}.json`);
/** Two ranks of a run that would take an hour, once it has taken some steps. */
async function underway(out: string): Promise<StartedRank[]> {
  const started = await startRanks(2, rankArgs(finetune(out, '--epochs', '100000')), (rank) => ({
    TORCHELASTIC_ERROR_FILE: errorFile(rank),
  }));
  const log = join(at(out), 'steps.jsonl');
  let ended = false;
  void Promise.race(started.map((rank) => rank.ended)).then(() => (ended = true));
  while (!ended && !(existsSync(log) && readFileSync(log, 'utf8').split('\n').length > 4)) await delay(20);
  return started;
}
const complaints = ({ stderr }: RankOutcome): string[] => stderr.split('\n').filter((line) => line.startsWith('soo:'));

t.test('a rank that is killed ends the other with one line', async (t) => {
  const [first, second] = await underway('killed');
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
  const started = await underway('interrupted');
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
  const call = (out: string): string[] =>
    ['deception', '--model', MODEL, '--scenarios', at('rivals.json'), '--max-new-tokens', '6', '--batch', '2', '--threads', '1', '--json', '--out', at(out)]; // prettier-ignore
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
