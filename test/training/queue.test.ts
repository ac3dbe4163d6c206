import t from 'tap';
import { FULL, nameOf, queueOf as queueOfAgents, type Task } from '../../lib/studies/agents/plan';
import { queueOf as queueOfRuns, type Planned } from '../../lib/studies/demo/queue';
import { TaskQueue } from '../../lib/training';

const SELF = { epochs: 3, distance: { start: 1, end: 0.5, goal: null, reached: true } };
const idOf = (planned: Planned | undefined): string => (planned ? `${planned.kind}/${planned.pairs}` : 'none');

t.test('controls wait for the self-other run beside them, then go first', async (t) => {
  const queue = queueOfRuns([
    { kind: 'scenes', seed: 1 },
    { kind: 'fragments', seed: 1 },
  ]);
  t.equal(idOf(await queue.next()), 'scenes/self');
  queue.end('scenes/self/1', SELF);
  const order: string[] = [];
  for (let i = 0; i < 5; i++) order.push(idOf(await queue.next()));
  t.same(order, ['scenes/name', 'scenes/wording', 'scenes/random', 'scenes/retention', 'fragments/self']);

  const waiting = [queue.next(), queue.next(), queue.next(), queue.next(), queue.next()];
  t.equal(
    await Promise.race([waiting[0], Promise.resolve('waits')]),
    'waits',
    'fragments may still open their controls',
  );
  queue.end('fragments/self/1', SELF);
  t.same((await Promise.all(waiting)).map(idOf), [
    'fragments/name',
    'fragments/wording',
    'fragments/random',
    'fragments/retention',
    'none',
  ]);
  t.equal(idOf(await queue.next()), 'none');
});

t.test('a self-other run that failed opens nothing, and lets those go who wait', async (t) => {
  const queue = queueOfRuns([{ kind: 'scenes', seed: 1 }]);
  await queue.next();
  const waiting = queue.next();
  t.same(
    queue.fail('scenes/self/1'),
    ['name', 'wording', 'random', 'retention'].map((pairs) => `scenes/${pairs}/1`),
  );
  t.equal(idOf(await waiting), 'none');
});

t.test('tuning waits for the agent that it begins with', async (t) => {
  const plan = { ...FULL, seeds: [1] };
  const queue = queueOfAgents(plan);
  const deceptive = (await queue.next())!;
  t.equal(nameOf(deceptive), 'deceptive-1');
  t.equal(nameOf((await queue.next())!), 'honest-1');
  let given: Task | undefined;
  const waiting = queue.next().then((task) => (given = task));
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(given, undefined);
  queue.end(nameOf(deceptive));
  await waiting;
  t.same([given && nameOf(given), nameOf((await queue.next())!)], ['tuned-1', 'control-1']);
  t.equal(await queue.next(), undefined);
});

const chain = (id: string, after: string | null) => ({ id, after, task: () => id });

t.test('opened tasks stand where the plan has them, or go first', async (t) => {
  const plan = [chain('a', null), chain('b', null), chain('a2', 'a'), chain('b2', 'b'), chain('c', null)];
  for (const openedFirst of [false, true]) {
    const queue = new TaskQueue(plan, { openedFirst });
    t.same([await queue.next(), await queue.next()], ['a', 'b']);
    queue.end('a');
    queue.end('b');
    const rest = [await queue.next(), await queue.next(), await queue.next()];
    t.same(rest, openedFirst ? ['b2', 'a2', 'c'] : ['a2', 'b2', 'c']);
    t.equal(await queue.next(), undefined);
  }
});

t.test('a failed task takes with it whoever waited, however far', async (t) => {
  const queue = new TaskQueue([chain('a', null), chain('b', 'a'), chain('c', 'b'), chain('d', null)]);
  t.equal(await queue.next(), 'a');
  t.same(queue.fail('a'), ['b', 'c']);
  t.same([await queue.next(), await queue.next()], ['d', undefined]);
});
