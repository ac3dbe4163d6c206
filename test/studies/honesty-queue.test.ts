import t from 'tap';
import { RunQueue, type Planned } from '../../lib/studies/honesty/queue';

const SELF = { epochs: 3, distance: { start: 1, end: 0.5, goal: null, reached: true } };
const idOf = (planned: Planned | undefined): string => (planned ? `${planned.kind}/${planned.pairs}` : 'none');

t.test('controls wait for the self-other run beside them, then go first', async (t) => {
  const queue = new RunQueue([
    { kind: 'scenes', seed: 1 },
    { kind: 'fragments', seed: 1 },
  ]);
  t.equal(idOf(await queue.next()), 'scenes/self');
  queue.endSelf({ kind: 'scenes', seed: 1 }, SELF);
  const order: string[] = [];
  for (let i = 0; i < 5; i++) order.push(idOf(await queue.next()));
  t.same(order, ['scenes/name', 'scenes/wording', 'scenes/random', 'scenes/retention', 'fragments/self']);

  const waiting = [queue.next(), queue.next(), queue.next(), queue.next(), queue.next()];
  t.equal(
    await Promise.race([waiting[0], Promise.resolve('waits')]),
    'waits',
    'fragments may still open their controls',
  );
  queue.endSelf({ kind: 'fragments', seed: 1 }, SELF);
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
  const queue = new RunQueue([{ kind: 'scenes', seed: 1 }]);
  await queue.next();
  const waiting = queue.next();
  queue.endSelf({ kind: 'scenes', seed: 1 }, null);
  t.equal(idOf(await waiting), 'none');
});
