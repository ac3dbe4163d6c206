import t from 'tap';
import { cosine, linear, Scheduler, warmup, type Schedule } from '../../lib/optim';
import { expected, largestDifference } from '../parity/expected';

const { schedules } = expected<{ schedules: Record<string, number[]> }>('optim');

const CASES: Record<string, Schedule> = {
  warmup: warmup(7),
  linear: linear(4, 20),
  cosine: cosine(5, 25),
  cosineNoWarmup: cosine(0, 30),
};

function group(lr: number): { groups: { lr: number }[] } {
  return { groups: [{ lr }, { lr: 2 * lr }] };
}

for (const [name, wanted] of Object.entries(schedules)) {
  t.test(`${name} as transformers`, async (t) => {
    const optimizer = group(0.5);
    const scheduler = new Scheduler(optimizer, CASES[name]);
    // Beyond the last step transformers' cosine rises again; ours stays down.
    const until = name === 'cosine' ? 26 : wanted.length;
    const seen = wanted.slice(0, until).map(() => {
      const lr = optimizer.groups[0].lr;
      scheduler.step();
      return lr;
    });
    t.ok(largestDifference(seen, wanted.slice(0, until)) < 1e-12);
  });
}

t.test('a floor, and staying on it', async (t) => {
  const schedule = cosine(2, 10, { floor: 0.1 });
  t.equal(schedule(0), 0);
  t.equal(schedule(2), 1);
  t.ok(Math.abs(schedule(6) - 0.55) < 1e-12);
  t.ok(Math.abs(schedule(10) - 0.1) < 1e-12);
  t.equal(schedule(1000), schedule(10));
});

t.test('every group keeps its proportion, and state goes on', async (t) => {
  const optimizer = group(1);
  const scheduler = new Scheduler(optimizer, warmup(4));
  t.same(
    optimizer.groups.map((g) => g.lr),
    [0, 0],
  );
  scheduler.step();
  t.same(
    optimizer.groups.map((g) => g.lr),
    [0.25, 0.5],
  );
  const resumed = group(77);
  const second = new Scheduler(resumed, warmup(4));
  second.loadStateDict(JSON.parse(JSON.stringify(scheduler.stateDict())) as { steps: number; base: number[] });
  second.step();
  t.same(
    resumed.groups.map((g) => g.lr),
    [0.5, 1],
  );
});

t.test('refusals', async (t) => {
  t.throws(() => cosine(5, 4), { message: 'cosine: expected 0 <= warmup <= total steps, got 5 and 4' });
  t.throws(() => warmup(-1), /warmup: expected/);
  t.throws(() => new Scheduler(group(1), warmup(0)).loadStateDict({ steps: 1, base: [1] }), {
    message: 'Scheduler: expected 2 groups, got 1',
  });
});

t.test('a linear schedule without steps after the warm-up ends at 0', async (t) => {
  // transformers' get_linear_schedule_with_warmup: max(0, (total - step) / max(1, total - warmup)).
  t.equal(linear(10, 10)(10), 0);
  t.equal(linear(10, 10)(9), 0.9);
  t.equal(linear(0, 0)(0), 0);
  t.equal(linear(2, 4)(100), 0);
});
