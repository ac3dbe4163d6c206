import { rlCharts } from './charts/rl-charts';
import { rlPage } from './page/rl-page';
import { writeReport } from './report-files';
import type { RlResults } from '../studies/agents/results';
import type { ReportFiles } from './written-files';

/** Writes `report.html` and `charts/<name>.png` into a folder, from stored results alone. */
export function writeRlReport(results: RlResults, folder: string): Promise<ReportFiles> {
  return writeReport(folder, rlCharts(results), (charts) => rlPage(results, charts));
}
