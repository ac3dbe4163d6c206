/** A rank that asks for collectives and tells what came of them. */
import { rankEnvironment, withProcessGroup, type ProcessGroup } from '../../lib/distributed';
import { torch, type DType, type Tensor } from '../../lib/torch';

const told: Record<string, unknown> = {};
const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (thrown: NodeJS.ErrnoException) => `${thrown.name} ${thrown.code ?? ''} ${thrown.message}`,
  );

async function together(group: ProcessGroup): Promise<void> {
  const { rank } = group;
  const values = (tensor: Tensor): unknown => tensor.toArray();
  const x = torch.tensor([1 + rank, 2, -3 * rank], { dtype: 'float32' });
  for (const how of ['sum', 'avg', 'max'] as const) told[how] = values(await group.allReduce(x, how));
  told.broadcast = values(await group.broadcast(x, 1));
  told.gather = (await group.allGather(torch.tensor([[rank], [7]], { dtype: 'int64' }))).map(values);
  told.json = await group.allGatherJson({ rank, text: 'ä'.repeat(rank + 1) });
  told.told = await group.told(rank === 0 ? { from: 0 } : undefined);
  told.input = values(x);
  for (const dtype of ['float64', 'float16', 'bfloat16', 'int8', 'uint8', 'int32'] as DType[]) {
    const sum = await group.allReduce(torch.ones([2], { dtype }));
    told[dtype] = [sum.dtype, values(sum)];
  }
  told.strided = values(await group.allReduce(torch.arange(6).view([2, 3]).t()));
  told.empty = (await group.allReduce(torch.ones([0, 3]))).shape;
  told.number = values(await group.allReduce(torch.tensor(2.5)));
  const disposed = torch.ones([100_000]);
  const asked = group.allReduce(disposed);
  disposed.fill_(9).resize_([1]).dispose();
  told.changedMeanwhile = values((await asked).max());
}

/** Every one is an error on both ranks, and the group goes on. */
async function refused(group: ProcessGroup): Promise<void> {
  const { rank } = group;
  const ones = (shape: number[], dtype: DType = 'float32'): Tensor => torch.ones(shape, { dtype });
  told.shapes = await messageOf(group.allReduce(ones([rank + 1])));
  told.dtypes = await messageOf(group.allReduce(ones([2], rank === 0 ? 'float32' : 'float64')));
  told.dims = await messageOf(group.allGather(ones(rank === 0 ? [4] : [2, 2])));
  told.others = await messageOf(rank === 0 ? group.allReduce(ones([2])) : group.allGather(ones([2])));
  told.roots = await messageOf(group.broadcast(ones([2]), rank));
  told.barrier = await messageOf(rank === 0 ? group.barrier() : group.allReduce(ones([1])));
  told.bool = await messageOf(group.allReduce(ones([2], 'bool')));
  told.complex = await messageOf(group.allReduce(ones([2], 'complex64')));
  told.average = await messageOf(group.allReduce(ones([2], 'int64'), 'avg'));
  told.reduction = await messageOf(group.allReduce(ones([2]), 'least' as 'sum'));
  told.meta = await messageOf(group.allReduce(torch.ones([2], { device: 'meta' })));
  told.root = await messageOf(group.broadcast(ones([2]), 2));
  told.fraction = await messageOf(group.broadcast(ones([2]), 0.5));
  const gone = ones([1]);
  gone.dispose();
  told.disposed = await messageOf(group.allReduce(gone));
  told.after = (await group.allReduce(ones([2]))).toArray();
}

const endings: Record<string, (group: ProcessGroup) => Promise<void>> = {
  async killed(group) {
    if (group.rank === 1) process.kill(process.pid, 'SIGKILL');
    told.lost = await messageOf(group.barrier());
    told.later = await messageOf(group.barrier());
  },
  async failed(group) {
    if (group.rank === 1) throw new Error('a reason of its own');
    told.lost = await messageOf(group.barrier());
  },
  async silent(group) {
    if (group.rank === 1) await new Promise((resolve) => setTimeout(resolve, 100_000));
    told.lost = await messageOf(group.barrier());
  },
  /** Node ends as usual while a collective waits. */
  async leaving(group) {
    if (group.rank === 1) process.exit(0);
    void group.barrier().catch(() => undefined);
    process.exit(0);
  },
  async closed(group) {
    await group.close();
    told.closed = await messageOf(group.barrier());
    told.closedTwice = await messageOf(group.close());
  },
};

const [what, timeoutMs] = process.argv.slice(2);
void withProcessGroup(
  rankEnvironment(),
  async (group) => {
    if (!group) throw new Error('there is no group');
    if (what === 'together') await together(group);
    if (what === 'refused') await refused(group);
    await endings[what]?.(group);
  },
  { timeoutMs: Number(timeoutMs) },
)
  .catch((thrown: Error) => (told.thrown = thrown.message))
  .then(() => process.stdout.write(JSON.stringify(told)));
