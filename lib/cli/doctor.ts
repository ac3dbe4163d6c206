import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildCommand } from '../../scripts/build-command';
import { INSTALL, missingTools } from '../../scripts/build-tools';
import { PARTS } from '../../scripts/cuda-parts';
import { findLibtorch } from '../../scripts/libtorch/find';
import { inspect } from '../../scripts/libtorch/inspect';
import type { Result } from './command';
import { ROOT } from './package-root';
import { listing } from './table';

const OLDEST_NODE = [20, 17];

export const worksWithoutAddon = true;

/** What is wrong, and the command that mends it. */
interface Problem {
  what: string;
  fix: string;
}

interface Libtorch {
  version: string | null;
  path: string | null;
  how: string | null;
  reason?: string;
  /** Why parts for CUDA were not built, null for those that were; only of a build against a libtorch with CUDA. */
  leftOut?: Record<string, string | null>;
}

/** What libtorch was built for, and why it finds no GPU. */
interface Cuda {
  version: string | null;
  devices: number;
  problem: string | null;
  /** Whether products of float32 may be of TF32. */
  allowTf32: boolean;
}

interface Loaded {
  libtorch: Libtorch;
  addon: string;
  devices: string[];
  cuda: Cuda;
  threads: number;
}

interface Report {
  node: string;
  addon: { path: string; version: string | null; built: boolean; loads: boolean };
  libtorch: Libtorch;
  devices: string[];
  cuda: Cuda | null;
  threads: number | null;
  problems: Problem[];
  notes: string[];
}

function checkNode(problems: Problem[]): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = OLDEST_NODE;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  problems.push({
    what: `Node is ${process.versions.node}, and ${OLDEST_NODE.join('.')} or later is needed`,
    fix: 'install Node 20 or later (https://nodejs.org)',
  });
}

/** What the addon was built against, as build/libtorch.json tells. */
function readRecord(): Libtorch | null {
  try {
    return JSON.parse(readFileSync(path.join(ROOT, 'build', 'libtorch.json'), 'utf8')) as Libtorch;
  } catch {
    return null;
  }
}

async function checkLibtorch(record: Libtorch | null, problems: Problem[]): Promise<Libtorch> {
  const chosen = process.env.LIBTORCH || record?.path;
  if (!chosen) return await lookAround(problems);
  const found = inspect(chosen);
  const how = process.env.LIBTORCH ? 'LIBTORCH' : (record?.how ?? null);
  const { reason, leftOut } = record ?? {};
  if (found.ok) return { version: found.version, path: found.path, how, reason, leftOut };
  problems.push({
    what: `libtorch at ${chosen}: ${found.problem}`,
    fix: fixOf(found.kind),
  });
  return { version: found.version ?? null, path: found.path, how };
}

function fixOf(kind: string): string {
  const variable = process.env.LIBTORCH ? 'LIBTORCH' : 'SOO_TORCH_CACHE';
  if (kind === 'unreadable')
    return `open it to this user, or ${variable}=/a/folder/for/all ${buildCommand()} as the owner`;
  return process.env.LIBTORCH ? 'unset LIBTORCH, or set it to a folder with lib/ and include/' : buildCommand();
}

/** Nothing was built yet: tell what a build would use, without fetching anything. */
async function lookAround(problems: Problem[]): Promise<Libtorch> {
  try {
    const { version, path: folder, how, reason } = await findLibtorch({ fetch: false });
    return { version, path: folder, how, reason };
  } catch {
    problems.push({ what: 'no libtorch is on this machine yet', fix: `${buildCommand()} (it fetches libtorch)` });
    return { version: null, path: null, how: null };
  }
}

/** The tools first: without them the build ends at once. */
function notBuilt(): Problem[] {
  const tools = missingTools().map((tool) => ({ what: `${tool} is missing, which the build needs`, fix: INSTALL }));
  return [...tools, { what: 'the addon is not built', fix: buildCommand() }];
}

function loadAddon(): Loaded | Error {
  try {
    const { torch } = require('../torch') as typeof import('../torch');
    const { torch: version, addon, path: folder, how } = torch.version;
    return {
      libtorch: { version, path: folder, how },
      addon,
      devices: torch.devices().map(String),
      cuda: {
        version: torch.cuda.version,
        devices: torch.cuda.deviceCount(),
        problem: torch.cuda.whyUnavailable(),
        allowTf32: torch.cuda.allowTf32,
      },
      threads: torch.getNumThreads(),
    };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** What a build for CUDA does without. */
function checkParts({ leftOut = {} }: Libtorch, notes: string[]): void {
  for (const { name, without } of PARTS) {
    const why = leftOut[name];
    if (why) notes.push(`CUDA ${name} are left out, and ${without}: ${why}`);
  }
}

function checkGpu(cuda: Cuda | undefined, notes: string[]): void {
  if (!cuda || cuda.devices > 0) return;
  if (cuda.version !== null) {
    notes.push(`${cuda.problem}; --device cuda is refused, and everything else works`);
    return;
  }
  if (!existsSync('/proc/driver/nvidia/version')) return;
  notes.push(
    `this machine has an NVIDIA GPU, but libtorch is a CPU build: SOO_TORCH_CUDA=cu126 ${buildCommand()} fetches a CUDA build`,
  );
}

async function examine(): Promise<Report> {
  const problems: Problem[] = [];
  const notes: string[] = [];
  checkNode(problems);
  const record = readRecord();
  const libtorch = await checkLibtorch(record, problems);
  const file = path.join(ROOT, 'build', 'Release', 'soo_torch.node');
  const built = existsSync(file) && record !== null;
  if (!built) problems.push(...notBuilt());
  // A libtorch that does not fit could end the process when it is loaded; its problem is listed already.
  const loaded = built && problems.length === 0 ? loadAddon() : null;
  if (loaded instanceof Error) {
    problems.push({ what: `the addon does not load: ${loaded.message.split('\n')[0]}`, fix: buildCommand() });
  }
  const working = loaded instanceof Error ? null : loaded;
  checkGpu(working?.cuda, notes);
  if (working?.cuda.version) checkParts(libtorch, notes);
  return {
    node: process.versions.node,
    addon: { path: file, version: working?.addon ?? null, built, loads: working !== null },
    libtorch: { ...libtorch, ...working?.libtorch },
    devices: working?.devices ?? [],
    cuda: working?.cuda ?? null,
    threads: working?.threads ?? null,
    problems,
    notes,
  };
}

function cudaText({ version, devices, allowTf32 }: Cuda, { leftOut = {} }: Libtorch): string {
  if (version === null) return 'built without';
  const built = PARTS.map(({ name }) => name).filter((name) => leftOut[name] === null);
  const parts = built.join(', ') || "libtorch's operators alone";
  return `built for ${version}; GPUs: ${devices}; with ${parts}; products of float32 in ${allowTf32 ? 'TF32' : 'float32'}`;
}

function describe({ node, addon, libtorch, devices, cuda, threads, problems, notes }: Report): string {
  const state = addon.loads ? addon.path : addon.built ? `${addon.path} (does not load)` : 'not built';
  const facts = listing([
    ['Node', node],
    ['addon', state],
    ['libtorch', libtorch.version ?? 'not found'],
    ['  path', libtorch.path ?? '-'],
    ['  found by', [libtorch.how ?? '-', libtorch.reason].filter(Boolean).join(': ')],
    ['devices', devices.join(', ') || '-'],
    ['CUDA', cuda === null ? '-' : cudaText(cuda, libtorch)],
    ['threads', threads === null ? '-' : String(threads)],
  ]);
  const trouble = problems.map(({ what, fix }) => `problem: ${what}\n    fix: ${fix}`);
  const inPlace = cuda?.version && cuda.devices === 0 ? 'Everything but a GPU is in place.' : 'Everything is in place.';
  const verdict = problems.length === 0 ? [inPlace] : trouble;
  return [facts, '', ...verdict, ...notes.map((note) => `note: ${note}`)].join('\n');
}

export function define(): void {
  // Nothing to ask: doctor looks at this machine as it is.
}

/** `soo doctor`: Node, addon, libtorch, devices and threads; for what is missing, the command that mends it. */
export async function run(): Promise<Result> {
  const report = await examine();
  return { json: report, text: describe(report), failed: report.problems.length > 0 };
}
