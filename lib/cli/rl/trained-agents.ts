import { openTrained, type TrainedRun } from '../../rl';

/**
 * Opens trained agents by name, and disposes of them after the work.
 * @throws InputError for a folder without agents that have been trained to the end
 */
export async function withTrained<Name extends string, Value>(
  folders: Readonly<Record<Name, string>>,
  work: (runs: Record<Name, TrainedRun>) => Promise<Value>,
): Promise<Value> {
  const opened: [string, TrainedRun][] = [];
  try {
    for (const [name, folder] of Object.entries<string>(folders)) opened.push([name, openTrained(folder)]);
    return await work(Object.fromEntries(opened) as Record<Name, TrainedRun>);
  } finally {
    for (const [, { agents }] of opened) agents.dispose();
  }
}
