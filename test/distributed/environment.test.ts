import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { rankEnvironment, writeErrorFile } from '../../lib/distributed';
import { expandCounts, expandNodeList } from '../../lib/distributed/node-list';

t.test('a process that was started alone has no group', async (t) => {
  t.equal(rankEnvironment({}), undefined);
  t.equal(rankEnvironment({ RANK: '0', WORLD_SIZE: '1' }), undefined);
  t.equal(rankEnvironment({ PET_NNODES: '1', PET_NPROC_PER_NODE: 'auto' }), undefined);
  t.equal(rankEnvironment({ SLURM_PROCID: '0', SLURM_NTASKS: '1' }), undefined);
  const script = { SLURM_PROCID: '0', SLURM_NTASKS: '8', SLURM_JOB_ID: '7', SLURM_NODELIST: 'n1' };
  t.equal(rankEnvironment(script), undefined, "sbatch's own script is no step");
});

t.test("torchrun's variables", async (t) => {
  const variables = { RANK: '3', WORLD_SIZE: '4', LOCAL_RANK: '1', LOCAL_WORLD_SIZE: '2', MASTER_ADDR: 'n1', MASTER_PORT: '29400' }; // prettier-ignore
  t.match(rankEnvironment(variables), {
    ...{ launcher: 'torchrun', rank: 3, size: 4, localRank: 1, localSize: 2 },
    ...{ host: 'n1', port: 29400, hostsStore: false },
  });
  t.match(rankEnvironment({ ...variables, RANK: '0' }), { hostsStore: true });
  const agent = { ...variables, RANK: '0', TORCHELASTIC_USE_AGENT_STORE: 'True', TORCHELASTIC_RUN_ID: 'job', TORCHELASTIC_RESTART_COUNT: '2' }; // prettier-ignore
  t.match(rankEnvironment(agent), { hostsStore: false, attempt: 'job/2' }, 'the launcher has the store');
  t.match(rankEnvironment({ ...agent, SLURM_PROCID: '5' }), { launcher: 'torchrun' }, 'torchrun within Slurm');
});

t.test("Kubeflow's variables", async (t) => {
  const variables = { PET_NNODES: '2', PET_NPROC_PER_NODE: '1', PET_NODE_RANK: '1', PET_MASTER_ADDR: 'job-node-0-0.job', PET_MASTER_PORT: '29500' }; // prettier-ignore
  t.match(rankEnvironment(variables), {
    ...{ launcher: 'Kubeflow', rank: 1, size: 2, localRank: 0, localSize: 1 },
    ...{ host: 'job-node-0-0.job', port: 29500, hostsStore: false },
  });
  t.match(rankEnvironment({ ...variables, RANK: '0', WORLD_SIZE: '4', MASTER_ADDR: 'x' }), { launcher: 'torchrun' });
  t.throws(() => rankEnvironment({ ...variables, PET_NPROC_PER_NODE: '4' }), {
    message: 'PET_NPROC_PER_NODE is 4: several processes of a pod are started by torchrun --no-python',
  });
});

t.test("Slurm's variables", async (t) => {
  const variables = {
    ...{ SLURM_PROCID: '5', SLURM_NTASKS: '8', SLURM_LOCALID: '1', SLURM_NODELIST: 'gpu[07-08],gpu11' },
    ...{ SLURM_NODEID: '1', SLURM_TASKS_PER_NODE: '4,2(x2)', SLURM_JOB_ID: '1234567', SLURM_STEP_ID: '0' },
  };
  t.match(rankEnvironment(variables), {
    ...{ launcher: 'Slurm', rank: 5, size: 8, localRank: 1, localSize: 2, host: 'gpu07', port: 24567 },
    ...{ hostsStore: false, attempt: '1234567.0/0' },
  });
  t.match(rankEnvironment({ ...variables, SLURM_STEP_NUM_TASKS: '6' }), { size: 6 });
  t.match(rankEnvironment({ ...variables, MASTER_ADDR: 'head', MASTER_PORT: '4000' }), { host: 'head', port: 4000 });
});

t.test('a variable that is missing or wrong is named', async (t) => {
  const whole = { RANK: '0', WORLD_SIZE: '2', MASTER_ADDR: 'n1', MASTER_PORT: '1' };
  for (const [changed, message] of [
    [{ RANK: '2' }, 'RANK: wanted less than WORLD_SIZE, which is 2, got 2'],
    [{ RANK: '-1' }, "RANK: wanted a whole number of 0 or more, got '-1'"],
    [{ RANK: undefined }, 'RANK: wanted a whole number, got nothing'],
    [{ WORLD_SIZE: 'two' }, "WORLD_SIZE: wanted a whole number of 1 or more, got 'two'"],
    [{ MASTER_ADDR: '' }, 'MASTER_ADDR: wanted where the first rank is, got nothing'],
    [{ MASTER_PORT: '65536' }, 'MASTER_PORT: wanted a port of 1 to 65535, got 65536'],
    [{ MASTER_PORT: '0' }, "MASTER_PORT: wanted a whole number of 1 or more, got '0'"],
  ] as const) {
    t.throws(() => rankEnvironment({ ...whole, ...changed }), { name: 'InputError', message });
  }
  t.throws(() => rankEnvironment({ SLURM_PROCID: '0', SLURM_NTASKS: '2' }), {
    message: 'SLURM_PROCID is set, but neither SLURM_NODELIST nor MASTER_ADDR is',
  });
});

t.test("Slurm's lists", async (t) => {
  t.same(expandNodeList('n1'), ['n1']);
  t.same(expandNodeList('node[01-03,7]-ib,gpu5'), ['node01-ib', 'node02-ib', 'node03-ib', 'node7-ib', 'gpu5']);
  t.same(expandNodeList('r[1-2]n[08-10]'), ['r1n08', 'r1n09', 'r1n10', 'r2n08', 'r2n09', 'r2n10']);
  t.same(expandNodeList('a[1,3],b'), ['a1', 'a3', 'b']);
  t.same(expandCounts('4,2(x3)'), [4, 2, 2, 2]);
});

t.test('the error file is what torch.distributed.elastic writes', async (t) => {
  const file = join(t.testdir({}), 'error.json');
  writeErrorFile(new RangeError('wanted more'), file);
  const { message } = JSON.parse(readFileSync(file, 'utf8')) as {
    message: { message: string; extraInfo: { py_callstack: string; timestamp: string } };
  };
  t.equal(message.message, 'RangeError: wanted more');
  t.match(message.extraInfo.py_callstack, /wanted more[^]*environment\.test/);
  t.match(message.extraInfo.timestamp, /^\d+$/);
  writeErrorFile(new Error('x'), undefined);
  writeErrorFile(new Error('x'), join(t.testdirName, 'no', 'such', 'folder.json'));
});
