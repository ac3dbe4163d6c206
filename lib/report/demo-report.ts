import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeAside, writeTextAside } from '../checkpoints';
import { demoCharts } from './charts/demo-charts';
import { drawSvg, renderPng } from './charts/draw';
import type { DemoResults } from './demo-results';
import { demoPage, type DrawnChart } from './page/demo-page';

export interface DemoReportFiles {
  report: string;
  /** One PNG for each chart of the report. */
  charts: string[];
}

/**
 * Writes `report.html`, one page that needs nothing else, and `charts/<name>.png` into a folder, from the results of a
 * demo alone: `writeDemoReport(readDemoResults('results.json'), folder)`. Each file is written aside and renamed.
 */
export async function writeDemoReport(results: DemoResults, folder: string): Promise<DemoReportFiles> {
  const drawn: DrawnChart[] = [];
  for (const chart of demoCharts(results)) drawn.push({ ...chart, svg: await drawSvg(chart) });
  const pictures = join(folder, 'charts');
  mkdirSync(pictures, { recursive: true });
  const charts = drawn.map(({ name, svg }) => {
    const path = join(pictures, `${name}.png`);
    writeAside(path, (append) => append(renderPng(svg)));
    return path;
  });
  const report = join(folder, 'report.html');
  writeTextAside(report, demoPage(results, drawn));
  return { report, charts };
}
