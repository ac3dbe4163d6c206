/**
 * Which of how many processes this one is, as its launcher says: torchrun's variables, and what Slurm and Kubeflow give
 * in their place.
 */
import { InputError } from '../files/input-error';
import { expandCounts, expandNodeList } from './node-list';

/** One process among those that were started together. */
export interface RankEnvironment {
  launcher: 'torchrun' | 'Kubeflow' | 'Slurm';
  /** From 0; the first one writes. */
  rank: number;
  /** Processes in all. */
  size: number;
  /** Among the processes of this machine: the number of its GPU. */
  localRank: number;
  localSize: number;
  /** Where the store is through which they find each other. */
  host: string;
  port: number;
  /** Whether this process has that store; the launcher does where TORCHELASTIC_USE_AGENT_STORE says so. */
  hostsStore: boolean;
  /** Tells one start of the group from another. */
  attempt: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORT = 29500;
/** Ports of Slurm's jobs, so that two jobs of a node do not meet. */
const [FIRST_SLURM_PORT, SLURM_PORTS] = [20_000, 10_000];

/**
 * The place of this process, by torchrun's variables (RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR,
 * MASTER_PORT, TORCHELASTIC_*), else Kubeflow's (PET_*), else Slurm's (SLURM_PROCID, SLURM_NTASKS, SLURM_LOCALID and the
 * list of nodes).
 * @returns undefined where it was started alone
 * @throws InputError that names the variable which is missing or wrong
 */
export function rankEnvironment(variables: Variables = process.env): RankEnvironment | undefined {
  const found = fromTorchrun(variables) ?? fromKubeflow(variables) ?? fromSlurm(variables);
  return found && found.size > 1 ? found : undefined;
}

function fromTorchrun(variables: Variables): RankEnvironment | undefined {
  if (variables.RANK === undefined && variables.WORLD_SIZE === undefined) return undefined;
  const size = wanted(variables, 'WORLD_SIZE', 1);
  const rank = rankOf(variables, 'RANK', 'WORLD_SIZE', size);
  const host = size === 1 ? (variables.MASTER_ADDR ?? 'localhost') : text(variables, 'MASTER_ADDR');
  return {
    ...{ launcher: 'torchrun', rank, size, host },
    localRank: whole(variables, 'LOCAL_RANK', 0) ?? 0,
    localSize: whole(variables, 'LOCAL_WORLD_SIZE', 1) ?? 1,
    port: portOf(variables, 'MASTER_PORT') ?? DEFAULT_PORT,
    hostsStore: rank === 0 && variables.TORCHELASTIC_USE_AGENT_STORE !== 'True',
    attempt: `${variables.TORCHELASTIC_RUN_ID ?? 'run'}/${variables.TORCHELASTIC_RESTART_COUNT ?? '0'}`,
  };
}

/** Of a TrainJob whose pods start the program itself: a process a pod. With several in a pod, torchrun starts them. */
function fromKubeflow(variables: Variables): RankEnvironment | undefined {
  if (variables.PET_NNODES === undefined) return undefined;
  const each = variables.PET_NPROC_PER_NODE ?? '1';
  const size = wanted(variables, 'PET_NNODES', 1);
  if (each !== '1' && (size > 1 || /^\d+$/.test(each)))
    throw new InputError(
      `PET_NPROC_PER_NODE is ${each}: several processes of a pod are started by torchrun --no-python`,
    );
  if (size === 1) return undefined;
  const rank = rankOf(variables, 'PET_NODE_RANK', 'PET_NNODES', size);
  return {
    ...{ launcher: 'Kubeflow', rank, size, localRank: 0, localSize: 1 },
    host: text(variables, 'PET_MASTER_ADDR'),
    port: portOf(variables, 'PET_MASTER_PORT') ?? DEFAULT_PORT,
    hostsStore: rank === 0,
    attempt: variables.PET_RDZV_ID ?? 'run',
  };
}

function fromSlurm(variables: Variables): RankEnvironment | undefined {
  if (variables.SLURM_PROCID === undefined) return undefined;
  // The script of sbatch has the job's variables too, and is one process: its steps, that srun starts, have a number.
  if (variables.SLURM_JOB_ID !== undefined && variables.SLURM_STEP_ID === undefined) return undefined;
  const count = variables.SLURM_STEP_NUM_TASKS === undefined ? 'SLURM_NTASKS' : 'SLURM_STEP_NUM_TASKS';
  const size = wanted(variables, count, 1);
  if (size === 1) return undefined;
  const rank = rankOf(variables, 'SLURM_PROCID', count, size);
  const list = variables.SLURM_STEP_NODELIST ?? variables.SLURM_JOB_NODELIST ?? variables.SLURM_NODELIST;
  const host = variables.MASTER_ADDR ?? (list === undefined ? undefined : expandNodeList(list)[0]);
  if (host === undefined) throw new InputError('SLURM_PROCID is set, but neither SLURM_NODELIST nor MASTER_ADDR is');
  const [job, step] = [variables.SLURM_JOB_ID ?? '0', variables.SLURM_STEP_ID ?? '0'];
  const tasks = expandCounts(variables.SLURM_STEP_TASKS_PER_NODE ?? variables.SLURM_TASKS_PER_NODE ?? '');
  return {
    ...{ launcher: 'Slurm', rank, size, host },
    localRank: whole(variables, 'SLURM_LOCALID', 0) ?? 0,
    localSize: tasks[whole(variables, 'SLURM_NODEID', 0) ?? 0] ?? 1,
    port: portOf(variables, 'MASTER_PORT') ?? FIRST_SLURM_PORT + (Number(job) % SLURM_PORTS || 0),
    hostsStore: rank === 0,
    attempt: `${job}.${step}/${variables.SLURM_RESTART_COUNT ?? '0'}`,
  };
}

function text(variables: Variables, name: string): string {
  const value = variables[name];
  if (value) return value;
  throw new InputError(`${name}: wanted where the first rank is, got nothing`);
}

function whole(variables: Variables, name: string, least: number): number | undefined {
  const value = variables[name];
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value) && Number(value) >= least) return Number(value);
  throw new InputError(`${name}: wanted a whole number of ${least} or more, got '${value}'`);
}

function wanted(variables: Variables, name: string, least: number): number {
  const value = whole(variables, name, least);
  if (value === undefined) throw new InputError(`${name}: wanted a whole number, got nothing`);
  return value;
}

function rankOf(variables: Variables, name: string, count: string, size: number): number {
  const rank = wanted(variables, name, 0);
  if (rank < size) return rank;
  throw new InputError(`${name}: wanted less than ${count}, which is ${size}, got ${rank}`);
}

function portOf(variables: Variables, name: string): number | undefined {
  const port = whole(variables, name, 1);
  if (port === undefined || port <= 65_535) return port;
  throw new InputError(`${name}: wanted a port of 1 to 65535, got ${port}`);
}
