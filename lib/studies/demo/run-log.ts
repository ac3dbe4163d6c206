/** TensorBoard's view of a demo: a folder of events for each run. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder } from '../../files/folders';
import { EventFile, jsonText } from '../../training/tensorboard';
import type { Run } from './results';

/**
 * A new event file for a run of the demo in `folder`; those that an earlier demo left in the same folder are removed, as its results are.
 * @param resumedAt the first step that is taken again, for a run that goes on: its earlier events stay
 */
export function openRunLog(folder: string, id: string, configuration: object, resumedAt?: number): EventFile {
  const own = ownFolder(folder, 'tensorboard', id.replaceAll('/', '-'));
  if (resumedAt !== undefined) return new EventFile(own, { resumedAt });
  for (const name of readdirSync(own)) if (name.startsWith('events.out.tfevents.')) rmSync(join(own, name));
  const events = new EventFile(own);
  events.text('configuration', jsonText(configuration));
  return events;
}

/** What was measured after the last step. */
export function logMeasured(events: EventFile, { training, distance, latent, rates }: Run): void {
  const { rival, otherRivals, self } = rates;
  const labels = { deceptive: rival.deceptive, honest: rival.honest, neither: rival.neither };
  const others = { otherRivalsDeceptive: otherRivals.deceptive, selfRight: self.right };
  const inside = { distance: distance.end, latentScenes: latent.scenes, latentFragments: latent.fragments };
  const measured = Object.entries({ ...labels, ...others, ...inside });
  events.scalars(training.length, Object.fromEntries(measured.map(([name, value]) => [`measured/${name}`, value])));
}
