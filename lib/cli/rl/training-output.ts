/** What the commands that train agents have in common: progress, TensorBoard files, and how the agents do in the end. */
import { ownFolder } from '../../files/folders';
import { EventFile } from '../../training';
import { measureOutcomes, openTrained, type maddpg, type Measure, type Scenario } from '../../rl';
import { interruptible } from '../interrupts';
import { startProgress } from '../progress';

/** Episodes without noise that are played at the end, drawn with another seed than those of the training. */
export const EVALUATION = { episodes: 1000, seedOffset: 2 ** 20 };

type Hooks = Required<Pick<maddpg.TrainingRunOptions, 'signal' | 'onBegin' | 'onGroup'>>;

export interface WatchedTraining {
  result: maddpg.TrainingResult;
  seconds: number;
  /** Of the steps that were played now, and not before the run was resumed. */
  envStepsPerSecond: number;
}

/**
 * Shows a training on stderr and in `tensorboard/` of its folder.
 * @throws Interrupted after Ctrl-C, when all is saved
 */
export async function watchTraining(
  { command, out, config }: { command: string; out: string; config: maddpg.MaddpgConfig },
  train: (hooks: Hooks) => Promise<maddpg.TrainingResult>,
): Promise<WatchedTraining> {
  const shown = watchGroups(command, out, config.episodes);
  const start = performance.now();
  let playedSteps = 0;
  const onGroup = (record: maddpg.GroupRecord): void => {
    playedSteps += record.played * config.episodeLength;
    shown.take(record);
  };
  try {
    const result = await interruptible((signal, onBegin) => train({ signal, onBegin, onGroup }), {
      notice: 'saving after this group of episodes; press again to quit now',
      kept: `saved in ${out}; run the same command with --resume to continue`,
    });
    const seconds = (performance.now() - start) / 1000;
    return { result, seconds, envStepsPerSecond: playedSteps / seconds };
  } finally {
    shown.close();
  }
}

/** TensorBoard's file is made with the first group: before it the folder may be refused. */
function watchGroups(
  command: string,
  out: string,
  episodes: number,
): { take: (group: maddpg.GroupRecord) => void; close: () => void } {
  let shown: { progress: ReturnType<typeof startProgress>; events: EventFile } | undefined;
  return {
    take(group) {
      const resumedAt = group.episodes > group.played ? group.episodes : undefined;
      shown ??= {
        progress: startProgress(command, episodes),
        events: new EventFile(ownFolder(out, 'tensorboard'), { resumedAt }),
      };
      const paid = Object.entries(group.returns).map(([name, value]) => `${name} ${value.toFixed(1)}`);
      shown.progress.update(group.episodes, `paid ${paid.join(', ')}`);
      const { returns, criticLoss, policyLoss, auxiliary = {} } = group;
      const scalars = Object.entries({ returns, criticLoss, policyLoss, auxiliary }).flatMap(([tag, values]) =>
        Object.entries(values).map(([name, value]) => [`${tag}/${name}`, value]),
      );
      shown.events.scalars(group.episodes, Object.fromEntries(scalars) as Record<string, number>);
    },
    close() {
      shown?.progress.stop();
      shown?.events.close();
    },
  };
}

/** `--json`'s part that tells how a training went. */
export function trainingJson(
  { result, seconds, envStepsPerSecond }: WatchedTraining,
  config: maddpg.MaddpgConfig,
  learners: number,
): object {
  const { episodes, envSteps, rounds, resumedFrom, returns } = result;
  const updates = rounds * learners;
  return {
    episodes,
    envSteps,
    rounds,
    updates,
    trainingReturns: returns,
    resumedFrom,
    config,
    seconds,
    envStepsPerSecond,
  };
}

export interface TrainedOutcomes {
  /** What the scenario measures, by name. */
  measures: Record<string, number>;
  /** What an episode pays, by agent. */
  returns: Record<string, number>;
  evaluationEpisodes: number;
}

const meansOf = (measures: Readonly<Record<string, Measure>>): Record<string, number> =>
  Object.fromEntries(Object.entries(measures).map(([name, { mean }]) => [name, mean]));

/** What the agents of a folder do without noise in episodes that are drawn with another seed than `seed`. */
export function outcomesOf(folder: string, scenario: Scenario, seed: number): TrainedOutcomes {
  const { agents, config, reward } = openTrained(folder, scenario);
  const { episodes, seedOffset } = EVALUATION;
  const plan = { reward, episodes, episodeLength: config.episodeLength, seed: seed + seedOffset };
  try {
    const { measures, returns } = measureOutcomes(scenario, agents, [plan]);
    return { measures: meansOf(measures), returns: meansOf(returns), evaluationEpisodes: episodes };
  } finally {
    agents.dispose();
  }
}
