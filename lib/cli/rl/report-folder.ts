import { join } from 'node:path';
import { lockPlace } from '../../files/folders';
import { writeRlReport, type ReportFiles } from '../../report';
import { hashFile } from '../../training';
import { writeRlResults } from '../../studies/agents';
import { maddpg } from '../../rl';
import { drawnIfPossible } from '../drawn';
import { makeFolder } from '../out-folder';

/** Writes `results.json`, and from what it holds `report.html` and `charts/`, where the packages that draw are there. */
export async function writeRlFolder(out: string, results: object): Promise<Partial<ReportFiles> & { results: string }> {
  const path = join(makeFolder(out), 'results.json');
  using _lock = lockPlace(out);
  const stored = writeRlResults(path, results);
  return { results: path, ...(await drawnIfPossible(path, () => writeRlReport(stored, out))) };
}

/** Where agents lie, and the hash of what they are. */
export const agentsAt = (folder: string): { folder: string; sha256: string } => ({
  folder,
  sha256: hashFile(join(folder, maddpg.AGENTS_FILE)),
});
