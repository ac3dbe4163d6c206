import { join } from 'node:path';
import t from 'tap';
import { RequestThread } from '../../lib/compute/request-thread';

const start = (): RequestThread => new RequestThread(join(__dirname, 'dying-thread.ts'));

for (const [how, message] of [
  ['exit', 'the compute worker ended early (code 3)'],
  ['throwLater', 'the compute worker ended: out of the blue'],
]) {
  t.test(`the thread's end (${how}) rejects the request, those that wait and those that come`, async (t) => {
    const thread = start();
    t.equal(await thread.ask('echo', 1), 1);
    const asked = [thread.ask(how, null), thread.ask('echo', 2), thread.ask('echo', 3)];
    const outcomes = await Promise.allSettled(asked);
    for (const outcome of outcomes) t.match(outcome, { status: 'rejected', reason: { name: 'Error', message } });
    await t.rejects(thread.ask('echo', 4), { message });
    await thread.close();
  });
}

t.test('what is taken back while it waits is not worked on', async (t) => {
  const thread = start();
  const stop = new AbortController();
  const first = thread.ask('soon', 'first');
  const taken = thread.ask('count', null, { signal: stop.signal });
  const counted = thread.ask('count', null);
  stop.abort(new Error('not that one'));
  await t.rejects(taken, { message: 'not that one' });
  t.same(await Promise.all([first, counted]), ['first', 1]);
  await thread.close();
});

t.test('what cannot be sent back is an error of that request alone', async (t) => {
  const thread = start();
  await t.rejects(thread.ask('unsendable', null), /could not be cloned/);
  t.equal(await thread.ask('echo', 'next'), 'next');
  await thread.close();
  await t.rejects(thread.ask('echo', 1), { message: 'the compute worker is closed' });
});
