import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeAside, writeTextAside } from '../checkpoints';
import { drawSvg, renderPng, type Chart } from './charts/draw';
import type { DrawnChart } from './page/frame';
import type { ReportFiles } from './written-files';

/** Writes `report.html` and `charts/<name>.png` into a folder, each aside and renamed. */
export async function writeReport(
  folder: string,
  charts: readonly Chart[],
  page: (charts: readonly DrawnChart[]) => string,
): Promise<ReportFiles> {
  const drawn: DrawnChart[] = [];
  for (const chart of charts) drawn.push({ ...chart, svg: await drawSvg(chart) });
  const pictures = join(folder, 'charts');
  mkdirSync(pictures, { recursive: true });
  const paths = drawn.map(({ name, svg }) => {
    const path = join(pictures, `${name}.png`);
    writeAside(path, (append) => append(renderPng(svg)));
    return path;
  });
  const report = join(folder, 'report.html');
  writeTextAside(report, page(drawn));
  return { report, charts: paths };
}
