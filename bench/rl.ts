/**
 * The particle world and MADDPG on one thread: steps of 128 worlds with both policies, and an agent's update at upstream's
 * batch. What 40,000 of upstream's episodes would take follows from the two.
 *
 *     npm run bench -- --only rl [--quick] [--json] [--out FILE]
 */
import Table from 'cli-table3';
import { rl } from '../lib';
import { fusedCriticGradient, fusedPolicyGradient } from '../lib/rl/maddpg/update';
import { torch } from '../lib/torch';

const WORLDS = 128;
const EPISODE_STEPS = 50;
/** Upstream's training: its episodes, and its agents' updates. */
const [EPISODES, UPDATES] = [40_000, 40_000];
/** What they take there, on a machine that plays 369 steps a second. */
const UPSTREAM_SECONDS = 1.85 * 3600;
const WANTED = { stepsPerSecond: 100_000, times: 20 };

export interface RlReport {
  /** Steps of single worlds, both policies and the world, per second of CPU time; the best of the windows. */
  stepsPerSecond: number;
  /** Seconds of CPU time, median and least. */
  update: { median: number; min: number };
  /** Of an update's time, what its two gradients take in native code: medians of both. The rest is calls and sampling. */
  gradientShare: number;
  /** Of 40,000 episodes with upstream's settings. */
  seconds: number;
  timesUpstream: number;
}

const seconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

function timed(times: number, work: () => void): number[] {
  const measured = Array.from({ length: times }, () => {
    const start = seconds();
    work();
    return seconds() - start;
  });
  return measured.sort((a, b) => a - b);
}

const medianOf = (sorted: readonly number[]): number => sorted[sorted.length >> 1];

export function measureRl(rounds: number): RlReport {
  torch.setNumThreads(1);
  const config = { ...rl.maddpg.UPSTREAM, worlds: WORLDS };
  const world = new rl.PhysicalDeception({ worlds: WORLDS, seed: 1, reward: 'deceptive' });
  const training = new rl.maddpg.Training(world, config);
  training.playGroup(); // fills the buffer beyond a batch, and warms up
  const { maddpg, buffer, samplingGenerator } = training;
  const actions = world.agents.map(({ actionSize }) => new Float32Array(WORLDS * actionSize));
  const play = timed(20 * rounds, () => {
    world.reset(Array.from({ length: WORLDS }, (_, episode) => episode));
    for (let step = 0; step < EPISODE_STEPS; step++) {
      maddpg.act(world.observations, actions);
      world.step(actions);
    }
  });
  const perRound = timed(50 * rounds, () => void maddpg.updateRound(buffer, samplingGenerator));
  const gradients = timed(50 * rounds, gradientsOfRound(training));
  training.dispose();
  const update = { median: medianOf(perRound) / 2, min: perRound[0] / 2 };
  const stepsPerSecond = (WORLDS * EPISODE_STEPS) / play[0];
  const total = UPDATES * update.median + (EPISODES * EPISODE_STEPS) / ((WORLDS * EPISODE_STEPS) / medianOf(play));
  return {
    ...{ stepsPerSecond, update },
    gradientShare: medianOf(gradients) / medianOf(perRound),
    seconds: total,
    timesUpstream: UPSTREAM_SECONDS / total,
  };
}

/** What computes the gradients of one round, and does nothing else. */
function gradientsOfRound({ maddpg, buffer, config, samplingGenerator }: rl.maddpg.Training): () => void {
  for (const agent of maddpg.learners) agent.learnMode();
  const updates = maddpg.agents.map((_, index) => ({
    agents: maddpg.agents,
    index,
    batch: buffer.sample(config.batch, samplingGenerator),
    moments: buffer.rewardMoments(index),
    options: config,
  }));
  return () =>
    torch.scope(() => {
      for (const update of updates) {
        if (!fusedCriticGradient(update) || !fusedPolicyGradient(update))
          throw new Error('rl: not in native code here');
      }
    });
}

export function rlMet({ stepsPerSecond, timesUpstream }: RlReport): boolean {
  return stepsPerSecond >= WANTED.stepsPerSecond && timesUpstream >= WANTED.times;
}

export function rlTable({ stepsPerSecond, update, gradientShare, seconds: total, timesUpstream }: RlReport): string {
  const table = new Table({ head: ['measured', 'here', 'wanted'], style: { head: [], border: [] } });
  const ms = (value: number): string => `${(value * 1e3).toFixed(2)} ms`;
  table.push(
    ['steps of 128 worlds with both policies, per second', stepsPerSecond.toFixed(0), `${WANTED.stepsPerSecond}`],
    ['update of one agent, batch 1024', `${ms(update.median)} (least ${ms(update.min)})`, ''],
    ['of it the two gradients, in native code', `${(100 * gradientShare).toFixed(0)}%`, ''],
    ['40,000 episodes as upstream, from these', `${total.toFixed(0)} s`, ''],
    ["times upstream's 1.85 hours", timesUpstream.toFixed(1), `${WANTED.times} (30 the goal)`],
  );
  return `${table.toString()}\nCPU time on one thread.`;
}
