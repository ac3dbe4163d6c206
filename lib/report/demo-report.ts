import { demoCharts } from './charts/demo-charts';
import type { DemoResults } from '../studies/honesty/results';
import { demoPage } from './page/demo-page';
import { writeReport } from './report-files';
import type { ReportFiles } from './written-files';

/**
 * Writes `report.html`, one page that needs nothing else, and `charts/<name>.png` into a folder, from the results of a
 * demo alone: `writeDemoReport(readDemoResults('results.json'), folder)`. Each file is written aside and renamed.
 */
export function writeDemoReport(results: DemoResults, folder: string): Promise<ReportFiles> {
  return writeReport(folder, demoCharts(results), (charts) => demoPage(results, charts));
}
