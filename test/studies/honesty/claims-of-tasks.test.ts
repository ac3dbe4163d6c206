/** Who has a task: one process at a time, and a dead one's is taken again. */
import t from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockIfFree } from '../../../lib/files/folders';
import { OpenTasks } from '../../../lib/studies/honesty/task-source';
import { makeFolders } from '../../../lib/files/folders';
import { tasksOf } from '../../../lib/studies/honesty/tasks';
import { madeUpStudy } from './made-up';

const claimIn = (folder: string): string => join(folder, 'claim');
const MINUTES = 60_000;

t.test('a claim is held by one, and let go of', (t) => {
  const file = claimIn(t.testdir());
  const claim = lockIfFree(file);
  t.ok(claim);
  t.equal(lockIfFree(file), null, 'it is held');
  claim?.[Symbol.dispose]();
  t.notOk(existsSync(file));
  const again = lockIfFree(file);
  t.ok(again);
  again?.[Symbol.dispose]();
  t.end();
});

t.test('the claim of a killed process of this machine is taken at once', async (t) => {
  const file = claimIn(t.testdir());
  const script = `require('./scripts/lock').takeLock(process.argv[1]); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', script, file], { cwd: join(__dirname, '../../..') });
  await once(child.stdout, 'data');
  t.equal(lockIfFree(file, { staleMs: 10 * MINUTES }), null, 'it lives');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const claim = lockIfFree(file, { staleMs: 10 * MINUTES });
  t.ok(claim, 'it is gone, however fresh its claim is');
  claim?.[Symbol.dispose]();
});

t.test("another machine's claim is left alone until its heartbeat is too old", (t) => {
  const file = claimIn(t.testdir());
  const foreign = JSON.stringify({ pid: 1, place: 'elsewhere pid:[1]', started: '1', token: 'x' });
  writeFileSync(file, foreign);
  const agedBy = (milliseconds: number): void => {
    const then = (Date.now() - milliseconds) / 1000;
    utimesSync(file, then, then);
  };
  agedBy(5 * MINUTES);
  t.equal(lockIfFree(file, { staleMs: 10 * MINUTES }), null);
  t.equal(readFileSync(file, 'utf8'), foreign);
  agedBy(11 * MINUTES);
  const claim = lockIfFree(file, { staleMs: 10 * MINUTES });
  t.ok(claim);
  claim?.[Symbol.dispose]();
  t.end();
});

t.test('tasks are handed out until none is left, and one that another has comes back', async (t) => {
  const folder = t.testdir();
  const tasks = tasksOf(madeUpStudy(['baseline', 'overlap']));
  t.same(tasks.map(({ id }) => id), ['baseline', 'overlap-1', 'overlap-2', 'overlap-3']); // prettier-ignore
  const end = (id: string, file: string): void => {
    makeFolders(join(folder, 'tasks', id));
    writeFileSync(join(folder, 'tasks', id, file), '{"reason":"NaN"}');
  };
  end('overlap-1', 'measured.json');
  let waited = 0;
  const source = new OpenTasks(folder, tasks, () => waited++);
  const next = async (): Promise<string | undefined> => (await source.next())?.id;
  t.same(
    [await next(), await next(), await next()],
    ['baseline', 'overlap-2', 'overlap-3'],
    'what is done is passed over',
  );
  source.ended({ type: 'ended', id: 'overlap-2', as: 'taken' });
  end('baseline', 'measured.json');
  end('overlap-3', 'failed.json');
  for (const [id, as] of [['baseline', 'done'], ['overlap-3', 'failed']] as const) source.ended({ type: 'ended', id, as }); // prettier-ignore
  t.equal(await next(), 'overlap-2', 'its holder may be gone by now');
  t.ok(waited > 0, 'not at once');
  end('overlap-2', 'measured.json');
  t.equal(await next(), undefined);
  source.close();
});
