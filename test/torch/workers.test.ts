import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { torch, type Tensor, type Ticket } from '../../lib/torch';

type Answer = Record<string, unknown> & { ticket: Ticket };

const started: Worker[] = [];
t.teardown(() => Promise.all(started.map((worker) => worker.terminate())));

async function start(): Promise<Worker> {
  // Through `require`, whatever loaders the test itself runs with.
  const files = [join(__dirname, '../../scripts/typescript.js'), join(__dirname, 'worker.ts')];
  const script = files.map((file) => `require(${JSON.stringify(file)});`).join('\n');
  const worker = new Worker(script, { eval: true, execArgv: [] });
  started.push(worker);
  await once(worker, 'message');
  return worker;
}

async function ask(worker: Worker, job: string, more: object = {}): Promise<Answer> {
  worker.postMessage({ job, ...more });
  const [answer] = (await once(worker, 'message')) as [Answer];
  return answer;
}

t.test('several workers and the main thread train side by side', async (t) => {
  const workers = await Promise.all([start(), start(), start()]);
  const first = Promise.all(workers.map((worker, i) => ask(worker, 'train', { number: i })));
  for (let i = 0; i < 500; i++)
    torch.scope(() =>
      torch
        .randn([20, 20])
        .matmul(torch.randn([20, 20]))
        .sum()
        .item(),
    );
  const results = await first;
  for (const { weight, hooked } of results) {
    t.equal(hooked, 200);
    for (const value of (weight as number[][])[0]) t.ok(Math.abs(value - 1) < 0.01, `learnt ${value}`);
  }
  t.equal(new Set(results.map(({ weight }) => String(weight))).size, 3, 'each has data of its own');
  const again = await Promise.all(workers.map((worker, i) => ask(worker, 'train', { number: i })));
  t.same(
    again.map(({ weight }) => weight),
    results.map(({ weight }) => weight),
    'and gets the same again',
  );

  await t.test('a tensor is handed over without a copy', async (t) => {
    const mine = torch.ones([3]);
    const answer = await ask(workers[0], 'exchange', { ticket: torch.share(mine) });
    t.same(mine.toArray(), [2, 2, 2], 'what the worker writes is seen here');
    const theirs = torch.receive(answer.ticket);
    t.same(theirs.toArray(), [3, 3, 3]);
    mine.dispose();
    const next = await ask(workers[1], 'exchange', { ticket: torch.share(theirs) });
    t.same(theirs.toArray(), [6, 6, 6]);
    t.throws(() => torch.receive(answer.ticket), {
      message: 'receive: this ticket is unknown, was collected already or went with its sender',
    });
    t.same(torch.receive(next.ticket).toArray(), [7, 7, 7]);
  });

  await t.test("an error in one worker is that worker's own", async (t) => {
    t.match((await ask(workers[2], 'fail')).error, /^matmul \(self: float32 \[2\], other: float32 \[3\]\)/);
    t.equal((await ask(workers[0], 'train', { number: 0 })).hooked, 200);
  });

  await t.test('a worker may end at any time while others go on', async (t) => {
    const [a, b, c] = workers;
    const gone = await ask(b, 'leave');
    await once(b, 'exit');
    t.same(torch.receive(gone.ticket).toArray(), [0, 1, 2, 3, 4], 'what it sent to outlive it does');
    const spinning = once(c, 'message');
    c.postMessage({ job: 'spin' });
    await spinning;
    const busy = ask(a, 'train', { number: 5 });
    t.equal(await c.terminate(), 1, 'in the middle of its work');
    t.equal((await busy).hooked, 200);
    a.postMessage({ job: 'litter' });
    const [code] = (await once(a, 'exit')) as [number];
    t.equal(code, 0);
    t.equal(torch.ones([2]).sum().item(), 2);
  });
});

t.test('workers come and go', async (t) => {
  for (let i = 0; i < 3; i++) {
    const worker = await start();
    worker.postMessage({ job: 'litter' });
    await once(worker, 'exit');
  }
  t.pass('and leave nothing that disturbs');
});

t.test('1,000 tensors whose receiver never comes are gone with their sender', async (t) => {
  const worker = await start();
  const before = process.memoryUsage().rss;
  const ended = once(worker, 'exit');
  const { tickets } = (await ask(worker, 'abandon', { number: 1000 })) as unknown as { tickets: Ticket[] };
  await ended;
  t.equal(tickets.length, 1000);
  for (const ticket of tickets) {
    if (torch.withdraw(ticket)) t.fail('a ticket outlived its sender');
  }
  t.throws(() => torch.receive(tickets[0]), { message: /went with its sender/ });
  const more = (process.memoryUsage().rss - before) / 1e6;
  t.ok(more < 500, `${more.toFixed()} MB of 1,049 are still held`);
});

t.test('a ticket can be taken back', async (t) => {
  const [here, there] = [torch.share(torch.ones([1])), torch.share(torch.ones([1]), { outlivesSender: true })];
  for (const ticket of [here, there]) {
    t.equal(torch.withdraw(ticket), true);
    t.equal(torch.withdraw(ticket), false, 'once');
    t.throws(() => torch.receive(ticket), { message: /this ticket is unknown/ });
  }
  const collected = torch.share(torch.ones([1]));
  torch.receive(collected);
  t.equal(torch.withdraw(collected), false);
  t.throws(() => torch.withdraw({} as Ticket), { message: 'withdraw: expected a ticket made by torch.share()' });
});

t.test("seeds and thread counts are each worker's own", async (t) => {
  const usual = torch.getNumThreads();
  torch.manualSeed(1);
  const wanted = torch.rand([6]).toArray() as number[];
  torch.setNumThreads(5);
  const workers = [await start(), await start()];
  torch.manualSeed(1);
  const first = torch.rand([3]).toArray() as number[];
  const settled = await Promise.all(workers.map((worker, i) => ask(worker, 'settle', { number: i + 2 })));
  t.match(settled, [
    { threads: usual, now: 2 },
    { threads: usual, now: 3 },
  ]);
  t.equal(torch.getNumThreads(), 5, 'nobody has changed it here');
  t.same([...first, ...(torch.rand([3]).toArray() as number[])], wanted, 'nor what is drawn');
  const looked = await Promise.all(workers.map((worker) => ask(worker, 'look')));
  for (const [i, { threads, drawn }] of looked.entries()) {
    torch.manualSeed(i + 2);
    t.same([threads, settled[i].drawn], [i + 2, torch.rand([3]).toArray()]);
    t.same(drawn, torch.rand([3]).toArray());
  }
  t.match(await ask(await start(), 'look'), { threads: usual }, 'a worker that starts later begins as the others did');
  torch.setNumThreads(usual);
});

t.test('what is shared cannot be enlarged in place, on either side', async (t) => {
  // Numbers that fit are another matter: torch.from_numpy(x).resize_ in Python refuses the same with the same words.
  const [mine, worker] = [torch.ones([10]), await start()];
  const { error, shape } = await ask(worker, 'enlarge', { ticket: torch.share(mine) });
  const refusal = /Trying to resize storage that is not resizable/;
  t.match(error, refusal);
  t.same(shape, [10], 'and it has the shape that it had: with the other it would be read beyond its memory');
  t.throws(() => mine.resize_([100_000]), refusal);
  t.throws(() => mine.narrow(0, 0, 5).resize_([100_000]), refusal, 'nor through a view');
  t.throws(() => torch.op('add.out')(torch.ones([100]), torch.ones([100]), { out: mine }), refusal);
  const larger = torch.ones([100]);
  t.throws(() => larger.set_(mine, 0, [100_000], [1]), refusal, 'nor by another tensor on its memory');
  t.same([mine.shape, larger.numel()], [[10], 0]);
  t.same(mine.resize_([2, 2]).toArray(), [
    [1, 1],
    [1, 1],
  ]);
});

t.test('tickets are collected once, and nothing else passes for one', async (t) => {
  const ticket = torch.share(torch.ones([1]));
  const here: Tensor = torch.receive(ticket);
  t.equal(here.item(), 1, 'in the same thread too');
  t.throws(() => torch.receive(ticket), {
    message: 'receive: this ticket is unknown, was collected already or went with its sender',
  });
  t.throws(() => torch.receive({ sooTensor: 12n }), {
    message: 'receive: this ticket is unknown, was collected already or went with its sender',
  });
  t.throws(() => torch.receive({ sooTensor: -1n }), { message: 'receive: expected a ticket made by share()' });
  t.throws(() => torch.receive({ sooTensor: 2n ** 70n }), { message: 'receive: expected a ticket made by share()' });
  for (const wrong of [null, undefined, 3, 'x', {}, { sooTensor: 3 }, torch.ones([1])]) {
    t.throws(() => torch.receive(wrong as unknown as Ticket), {
      message: 'receive: expected a ticket made by torch.share()',
    });
  }
  const x = torch.ones([2], { requiresGrad: true });
  t.throws(() => torch.share(x.mul(2)), { message: /a tensor with a graph stays in its worker: share its detach\(\)/ });
  const leaf = torch.receive(torch.share(x));
  t.equal(leaf.requiresGrad, false, 'a leaf arrives without its gradient');
  t.equal(leaf.sharesStorage(x), true);
});
