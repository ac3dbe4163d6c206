/** Episodes and updates in turn: many worlds play an episode together, and agents learn meanwhile. */
import { torch, type Generator } from '../../torch';
import type { Environment } from '../environment';
import type { Rules } from '../scenario';
import type { MaddpgConfig } from './config';
import { Maddpg, type AuxiliaryStep, type Round } from './maddpg';
import { ExplorationNoise, noiseScale } from './noise';
import { ReplayBuffer } from './replay-buffer';

/** What upstream's world multiplies actions by, in place, before they reach its replay buffer. */
const UPSTREAM_ACTION_SCALE = 5;

/** How far a training has come. */
export interface TrainingPosition {
  episodes: number;
  /** Steps of single worlds. */
  envSteps: number;
  /** Rounds of updates, in each of which every learning agent makes one. */
  rounds: number;
}

/** One episode in every world, as it went. */
export interface GroupRecord extends TrainingPosition {
  /** Episodes of this group. */
  played: number;
  /** By agent: the mean over worlds of what an episode paid. */
  returns: Record<string, number>;
  /** By learning agent, means over the rounds; empty when there were none. */
  criticLoss: Record<string, number>;
  policyLoss: Record<string, number>;
  /** Where there is an auxiliary step, what it tells; empty when none was taken. */
  auxiliary?: Record<string, number>;
  /** What the first world's noise was multiplied by. */
  noise: number;
}

/**
 * A training that is somewhere between two groups of episodes. All that it draws comes from generators of its own, so the
 * same seed gives the same bits whatever else the process does.
 */
export class Training {
  readonly maddpg: Maddpg;
  readonly buffer: ReplayBuffer;
  readonly noiseGenerator: Generator;
  readonly samplingGenerator: Generator;
  position: TrainingPosition = { episodes: 0, envSteps: 0, rounds: 0 };
  readonly #noise: readonly (ExplorationNoise | null)[];
  readonly #actions: readonly Float32Array[];
  readonly #before: readonly Float64Array[];

  /** @param environment as many worlds as the configuration names; @param rules see {@link Maddpg} */
  constructor(
    readonly environment: Environment,
    readonly config: MaddpgConfig,
    rules: Rules = {},
    private readonly auxiliary?: AuxiliaryStep,
  ) {
    const { agents, worlds } = environment;
    if (worlds !== config.worlds) throw new RangeError(`Training: expected ${config.worlds} worlds, got ${worlds}`);
    this.maddpg = new Maddpg(agents, config, rules);
    this.buffer = new ReplayBuffer(agents, config.bufferSize);
    this.noiseGenerator = torch.generator({ seed: config.seed });
    this.samplingGenerator = torch.generator({ seed: config.seed + 2 ** 32 });
    this.#noise = agents.map(({ name, actionSize }) =>
      name in rules ? null : new ExplorationNoise(worlds, actionSize, config.noise, this.noiseGenerator),
    );
    this.#actions = agents.map(({ actionSize }) => new Float32Array(worlds * actionSize));
    this.#before = agents.map(({ observationSize }) => new Float64Array(worlds * observationSize));
  }

  get done(): boolean {
    return this.position.episodes >= this.config.episodes;
  }

  /** Plays one episode in every world, and updates as often as is due meanwhile. Worlds beyond the last episode idle. */
  playGroup(): GroupRecord {
    const { environment, config } = this;
    const first = this.position.episodes;
    const numbers = Array.from({ length: config.worlds }, (_, world) => first + world);
    const playing = Math.min(config.worlds, config.episodes - first);
    const scales = Float64Array.from(numbers, (episode) => noiseScale(config.noise, episode));
    const returns = environment.agents.map(() => 0);
    const rounds: Round[] = [];
    environment.reset(numbers);
    this.auxiliary?.begin(numbers);
    for (const noise of this.#noise) noise?.reset();
    for (let step = 1; step <= config.episodeLength; step++) {
      this.#step(scales, playing, step === config.episodeLength);
      environment.rewards.forEach((rewards, k) => {
        for (let world = 0; world < playing; world++) returns[k] += rewards[world] / playing;
      });
      rounds.push(...this.#dueRounds(playing));
    }
    this.position.episodes += playing;
    const names = environment.agents.map(({ name }) => name);
    return {
      ...this.position,
      played: playing,
      returns: Object.fromEntries(names.map((name, k) => [name, returns[k]])),
      criticLoss: meanLosses(names, rounds, 'criticLoss'),
      policyLoss: meanLosses(names, rounds, 'policyLoss'),
      ...(this.auxiliary && { auxiliary: this.auxiliary.report() }),
      noise: scales[0],
    };
  }

  /** One step of every world, which goes into the replay buffer. */
  #step(scales: Float64Array, playing: number, last: boolean): void {
    const { environment, config, maddpg } = this;
    const actions = this.#actions;
    environment.observations.forEach((observations, k) => this.#before[k].set(observations));
    maddpg.act(environment.observations, actions);
    this.#noise.forEach((noise, k) => {
      for (let times = config.tripleNoise ? 3 : 1; times > 0; times--) noise?.advance();
      noise?.addTo(actions[k], scales);
    });
    this.auxiliary?.beforeStep();
    environment.step(actions);
    this.auxiliary?.afterStep(actions, playing);
    const kept = config.scaledActions
      ? actions.map((values) => values.map((value) => value * UPSTREAM_ACTION_SCALE))
      : actions;
    const { observations: nextObservations, rewards } = environment;
    this.buffer.push({ observations: this.#before, actions: kept, rewards, nextObservations, last }, playing);
  }

  /** The rounds that the step just made has brought due. */
  #dueRounds(steps: number): Round[] {
    const { position, config, buffer } = this;
    const before = Math.floor(position.envSteps / config.stepsPerRound);
    position.envSteps += steps;
    if (buffer.size < config.batch) return [];
    const due = Math.floor(position.envSteps / config.stepsPerRound) - before;
    position.rounds += due;
    return Array.from({ length: due }, () => this.maddpg.updateRound(buffer, this.samplingGenerator, this.auxiliary));
  }

  dispose(): void {
    this.maddpg.dispose();
    this.buffer.dispose();
  }
}

function meanLosses(
  names: readonly string[],
  rounds: readonly Round[],
  key: 'criticLoss' | 'policyLoss',
): Record<string, number> {
  const means: Record<string, number> = {};
  names.forEach((name, k) => {
    const values = rounds.flatMap((round) => round[k]?.[key] ?? []);
    if (values.length > 0) means[name] = values.reduce((sum, value) => sum + value, 0) / values.length;
  });
  return means;
}
