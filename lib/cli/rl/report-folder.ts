import { join } from 'node:path';
import { lockPlace } from '../../files/folders';
import { writeRlReport, type ReportFiles } from '../../report';
import { hashFile } from '../../training';
import { writeRlResults } from '../../studies/agents';
import { maddpg } from '../../rl';
import { makeFolder } from '../out-folder';

/** Writes `results.json`, and from what it holds `report.html` and `charts/`. */
export async function writeRlFolder(out: string, results: object): Promise<ReportFiles & { results: string }> {
  const path = join(makeFolder(out), 'results.json');
  using _lock = lockPlace(out);
  return { results: path, ...(await writeRlReport(writeRlResults(path, results), out)) };
}

/** Where agents lie, and the hash of what they are. */
export const agentsAt = (folder: string): { folder: string; sha256: string } => ({
  folder,
  sha256: hashFile(join(folder, maddpg.AGENTS_FILE)),
});
