/** Playing episodes without noise, many at once, while somebody watches: how they end and what they pay. */
import type { Environment } from '../environment';
import type { EpisodeMeasure, Scenario } from '../scenario';
import { meanOf, type Measure } from './measure';

/** Acts for every agent in every world: `Maddpg.act`. */
export interface Actors {
  act(observations: readonly Float64Array[], actions: readonly Float32Array[]): void;
}

/** Which episodes are played. They are numbered from 0, so that fewer of them are the first of more. */
export interface EpisodePlan<Reward extends string> {
  /** What agents are paid for. */
  reward: Reward;
  episodes: number;
  /** Steps of each. */
  episodeLength: number;
  seed: number;
}

/** What looks on while episodes are played: one in every world of an environment at a time. */
export interface Watcher {
  /** Every world has begun an episode of this number. */
  begin?(episodes: readonly number[]): void;
  beforeStep?(): void;
  afterStep?(): void;
  /** The episodes are over; only those of the first `counted` worlds were asked for. */
  end?(counted: number): void;
}

/** Gains nothing beyond, and an episode's observations still fit the processor's caches. */
const MOST_WORLDS = 128;

/** @param watch makes what looks on */
export function playEpisodes<World extends Environment, Reward extends string, Watching extends readonly Watcher[]>(
  scenario: Scenario<World, Reward>,
  actors: Actors,
  { reward, episodes, episodeLength, seed }: EpisodePlan<Reward>,
  watch: (environment: World) => Watching,
): Watching {
  const worlds = Math.ceil(episodes / Math.ceil(episodes / MOST_WORLDS));
  const environment = scenario.make({ reward, worlds, seed });
  const actions = environment.agents.map(({ actionSize }) => new Float32Array(worlds * actionSize));
  const watching = watch(environment);
  for (let first = 0; first < episodes; first += worlds) {
    const numbers = Array.from({ length: worlds }, (_, world) => first + world);
    environment.reset(numbers);
    for (const watcher of watching) watcher.begin?.(numbers);
    for (let step = 0; step < episodeLength; step++) {
      for (const watcher of watching) watcher.beforeStep?.();
      actors.act(environment.observations, actions);
      environment.step(actions);
      for (const watcher of watching) watcher.afterStep?.();
    }
    for (const watcher of watching) watcher.end?.(Math.min(worlds, episodes - first));
  }
  return watching;
}

/** What each agent was paid, episode by episode. */
export class PayWatcher implements Watcher {
  /** By agent, then by episode. */
  readonly returns: Readonly<Record<string, number[]>>;
  private readonly paid: readonly Float64Array[];

  constructor(private readonly environment: Environment) {
    this.returns = Object.fromEntries(environment.agents.map(({ name }) => [name, []]));
    this.paid = environment.agents.map(() => new Float64Array(environment.worlds));
  }

  begin(): void {
    for (const paid of this.paid) paid.fill(0);
  }

  afterStep(): void {
    this.paid.forEach((paid, k) => {
      const rewards = this.environment.rewards[k];
      for (let world = 0; world < paid.length; world++) paid[world] += rewards[world];
    });
  }

  end(counted: number): void {
    this.environment.agents.forEach(({ name }, k) => this.returns[name].push(...this.paid[k].subarray(0, counted)));
  }
}

/** One of a scenario's measures, episode by episode. */
export class MeasureWatcher<World extends Environment> implements Watcher {
  readonly values: number[] = [];
  private readonly current: Float64Array;

  constructor(
    private readonly environment: World,
    readonly measure: EpisodeMeasure<World>,
  ) {
    this.current = new Float64Array(environment.worlds);
  }

  begin(): void {
    this.current.fill(0);
    this.look('every observation');
  }

  afterStep(): void {
    this.look('every observation');
  }

  end(counted: number): void {
    this.look('end');
    this.values.push(...this.current.subarray(0, counted));
  }

  private look(at: EpisodeMeasure<World>['at']): void {
    if (this.measure.at !== at) return;
    for (let world = 0; world < this.current.length; world++)
      this.current[world] += this.measure.of(this.environment, world);
  }
}

/** What a scenario measures of the episodes of each seed, with intervals. */
export interface Outcomes {
  /** By the measure's name. */
  measures: Record<string, Measure>;
  /** What an episode pays, by agent. */
  returns: Record<string, Measure>;
}

/** @param plans one for each seed, of the same scenario */
export function measureOutcomes(scenario: Scenario, actors: Actors, plans: readonly EpisodePlan<string>[]): Outcomes {
  const played = plans.map((plan) =>
    playEpisodes(scenario, actors, plan, (environment) => [
      new PayWatcher(environment),
      ...scenario.measures.map((measure) => new MeasureWatcher(environment, measure)),
    ]),
  );
  const pay = played.map(([watcher]) => (watcher as PayWatcher).returns);
  const valuesOf = (index: number): number[][] =>
    played.map((watchers) => (watchers[index + 1] as MeasureWatcher<Environment>).values);
  return {
    measures: Object.fromEntries(scenario.measures.map(({ name }, i) => [name, meanOf(valuesOf(i))])),
    returns: Object.fromEntries(scenario.agents.map(({ name }) => [name, meanOf(pay.map((paid) => paid[name]))])),
  };
}
