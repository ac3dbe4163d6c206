import { openTrained, physicalDeception, type PhysicalDeception, type Reward, type TrainedRun } from '../../rl';

export type DeceptionRun = TrainedRun<PhysicalDeception, Reward>;

/**
 * Opens trained agents of physical deception by name, and disposes of them after the work.
 * @throws InputError for a folder without agents that have been trained to the end, or with those of another scenario
 */
export async function withTrained<Name extends string, Value>(
  folders: Readonly<Record<Name, string>>,
  work: (runs: Record<Name, DeceptionRun>) => Promise<Value>,
): Promise<Value> {
  const opened: [string, DeceptionRun][] = [];
  try {
    for (const [name, folder] of Object.entries<string>(folders))
      opened.push([name, openTrained(folder, physicalDeception)]);
    return await work(Object.fromEntries(opened) as Record<Name, DeceptionRun>);
  } finally {
    for (const [, { agents }] of opened) agents.dispose();
  }
}
