import t from 'tap';
import { ProcessGroup, type ProcessGroupOptions } from '../../lib/distributed';
import { freePort, runRanks, startRanks, type RankOutcome } from './start-ranks';

t.setTimeout(240_000); // pairs of processes, on a busy machine

type Told = Record<string, unknown>;
const CHILD = 'test/distributed/collectives-child.ts';
const PATIENT = '120000';

const toldBy = ({ stdout, stderr }: RankOutcome): Told => {
  if (stdout === '') throw new Error(`a rank told nothing: ${stderr}`);
  return JSON.parse(stdout) as Told;
};
const run = async (what: string, timeoutMs = PATIENT): Promise<RankOutcome[]> => runRanks(2, [CHILD, what, timeoutMs]);

t.test('two ranks get what they ask for together', async (t) => {
  const outcomes = await run('together');
  for (const [rank, told] of outcomes.map(toldBy).entries()) {
    t.match(told, {
      ...{ sum: [3, 4, -3], avg: [1.5, 2, -1.5], max: [2, 2, 0], broadcast: [2, 2, -3] },
      gather: [
        [[0], [7]],
        [[1], [7]],
      ],
      json: [
        { rank: 0, text: 'ä' },
        { rank: 1, text: 'ää' },
      ],
      told: { from: 0 },
      input: [1 + rank, 2, -3 * rank],
      float64: ['float64', [2, 2]],
      float16: ['float16', [2, 2]],
      bfloat16: ['bfloat16', [2, 2]],
      int8: ['int8', [2, 2]],
      uint8: ['uint8', [2, 2]],
      int32: ['int32', [2, 2]],
      strided: [
        [0, 6],
        [2, 8],
        [4, 10],
      ],
      empty: [0, 3],
      number: 5,
      changedMeanwhile: 2,
    });
    t.equal(told.thrown, undefined);
  }
  t.same(
    outcomes.map(({ code, stderr }) => [code, stderr]),
    [
      [0, ''],
      [0, ''],
    ],
    'both end by themselves and say nothing',
  );
});

t.test('what ranks do not ask for alike is an error on both, and they go on', async (t) => {
  const [first, second] = (await run('refused')).map(toldBy);
  const other = (here: string, there: string, call = 'allReduce'): string =>
    `TypeError  ${call}: the ranks do not agree: here it is ${here}, on rank 1 it is ${there}`;
  t.match(first, {
    shapes: other('allReduce (sum) of float32 [1]', 'allReduce (sum) of float32 [2]'),
    dtypes: other('allReduce (sum) of float32 [2]', 'allReduce (sum) of float64 [2]'),
    dims: other('allGather of float32 [4]', 'allGather of float32 [2, 2]', 'allGather'),
    others: other('allReduce (sum) of float32 [2]', 'allGather of float32 [2]'),
    roots: other('broadcast from rank 0 of float32 [2]', 'broadcast from rank 1 of float32 [2]', 'broadcast'),
    barrier: other('barrier', 'allReduce (sum) of float32 [1]', 'barrier'),
  });
  t.match(second.shapes, /here it is allReduce \(sum\) of float32 \[2\], on rank 0 it is/);
  for (const told of [first, second]) {
    t.match(told, {
      bool: 'TypeError  collective: expected floating-point or whole numbers of 8, 32 or 64 bits, got bool [2]',
      complex: /got complex64 \[2\]/,
      average: 'TypeError  collective: an average wants floating-point numbers, got int64 [2]',
      reduction: "TypeError  collective: there is no collective 'least'",
      meta: /expected a tensor with values/,
      root: 'TypeError  collective: expected a rank of 0 to 1, got 2',
      fraction: /^TypeError/,
      disposed: /disposed/,
      after: [2, 2],
    });
    t.equal(told.thrown, undefined);
  }
});

t.test('a rank that is gone is one error for the others', async (t) => {
  const [killed] = await run('killed');
  t.match(toldBy(killed), {
    lost: /^Error ERR_RANK_LOST barrier: another rank is gone \(.*127\.0\.0\.1.*\)$/,
    later: /^Error ERR_RANK_LOST barrier: the process group has broken before: another rank is gone/,
  });
  t.equal(killed.stderr, '');
  const [failed, failing] = await run('failed');
  t.match(toldBy(failed), { lost: 'Error ERR_RANK_LOST barrier: rank 1 has failed: a reason of its own' });
  t.match(toldBy(failing), { thrown: 'a reason of its own' });
  const [waiting, silent] = await startRanks(2, [CHILD, 'silent', '20000']);
  t.match(toldBy(await waiting.ended), {
    lost: 'Error ERR_RANK_LOST barrier: another rank gave no answer within 20 s',
  });
  silent.child.kill('SIGKILL');
});

t.test('a process may end whatever its group waits for, and nothing is asked of a closed one', async (t) => {
  for (const { code, signal } of await run('leaving')) t.same([code, signal], [0, null]);
  for (const outcome of await run('closed')) {
    t.match(toldBy(outcome), {
      closed: 'TypeError  barrier: the process group is closed',
      closedTwice: 'no error',
    });
    t.equal(toldBy(outcome).thrown, undefined);
  }
});

t.test('options that cannot be are refused before anything is opened', async (t) => {
  const good = { rank: 0, size: 1, host: '127.0.0.1', port: 1, timeoutMs: 1000 };
  const cases: [Partial<Record<keyof ProcessGroupOptions | 'ranks', unknown>>, RegExp][] = [
    [{ rank: 1 }, /^openGroup: rank: expected 0 to 0, got 1$/],
    [{ rank: -1 }, /^openGroup: rank: expected 0 to 0, got -1$/],
    [{ rank: 0.5 }, /^openGroup: /],
    [{ size: 0 }, /^openGroup: size: expected 1 to 65536, got 0$/],
    [{ size: 1e9 }, /^openGroup: size: expected/],
    [{ port: 0 }, /^openGroup: port: expected 1 to 65535, got 0$/],
    [{ port: 65_536 }, /^openGroup: port: expected 1 to 65535, got 65536$/],
    [{ port: '80' }, /^openGroup: /],
    [{ host: '' }, /^openGroup: host: expected a name or an address, got an empty text$/],
    [{ host: 7 }, /^openGroup: /],
    [{ timeoutMs: 0 }, /^openGroup: timeoutMs: expected/],
    [{ timeoutMs: NaN }, /^openGroup: /],
    [{ ranks: 2 }, /there is no option 'ranks'/],
  ];
  for (const [changed, message] of cases) {
    await t.rejects(ProcessGroup.connect({ ...good, ...changed } as ProcessGroupOptions), {
      name: 'TypeError',
      message,
    });
  }
});

t.test('nobody there is one error', async (t) => {
  const port = await freePort();
  const options = { size: 2, host: '127.0.0.1', port, timeoutMs: 1500 };
  await t.rejects(ProcessGroup.connect({ ...options, rank: 1 }), {
    code: 'ERR_RANK_LOST',
    message: new RegExp(`^processGroup: cannot reach the other ranks through 127.0.0.1:${port} within 1.5 s: `),
  });
  await t.rejects(ProcessGroup.connect({ ...options, rank: 0 }), {
    code: 'ERR_RANK_LOST',
    message: new RegExp(`^processGroup: cannot gather the ranks at 127.0.0.1:${port} within 1.5 s: `),
  });
});
