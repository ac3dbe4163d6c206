/** Reports: `report.html`, one page that needs nothing else, and `charts/<name>.png`, from stored results alone. */
import { basename, join } from 'node:path';
import { z } from 'zod';
import { checkShape, InputError, parseJson, readTextFile, writeAside, writeTextAside } from '../checkpoints';
import { ownFolder } from '../files/folders';
import { RL_FORMAT, rlResultsSchema, type RlResults } from '../studies/agents/results';
import { demoResultsSchema, FORMAT, type DemoResults } from '../studies/honesty/results';
import { demoCharts } from './charts/demo-charts';
import { drawSvg, renderPng, type Chart } from './charts/draw';
import { rlCharts } from './charts/rl-charts';
import { demoPage } from './page/demo-page';
import type { DrawnChart } from './page/frame';
import { rlPage } from './page/rl-page';

/** What a report was written to. */
export interface ReportFiles {
  report: string;
  /** One PNG for each chart of the report. */
  charts: string[];
}

/** Draws a demo's results into a folder. Each file is written aside and renamed. */
export function writeDemoReport(results: DemoResults, folder: string): Promise<ReportFiles> {
  return writeReport(folder, demoCharts(results), (charts) => demoPage(results, charts));
}

/** Draws the results of `soo rl compare`, `classify` or `reproduce` into a folder, as {@link writeDemoReport} does. */
export function writeRlReport(results: RlResults, folder: string): Promise<ReportFiles> {
  return writeReport(folder, rlCharts(results), (charts) => rlPage(results, charts));
}

type Draw = (folder: string) => Promise<ReportFiles>;

/** By the format that a file says it has: how its content is checked, and then drawn. */
const FORMATS: Readonly<Record<string, (json: unknown, name: string) => Draw>> = {
  [FORMAT]: (json, name) => {
    const results = checkShape(demoResultsSchema, json, name);
    return (folder) => writeDemoReport(results, folder);
  },
  [RL_FORMAT]: (json, name) => {
    const results = checkShape(rlResultsSchema, json, name);
    return (folder) => writeRlReport(results, folder);
  },
};

const DRAWN = `results.json of soo demo ("${FORMAT}") or of soo rl compare, classify or reproduce ("${RL_FORMAT}")`;

/**
 * Reads a results file of any kind, and hands back what draws it.
 * @throws InputError when it is missing, damaged, or of no kind that can be drawn
 */
export function readDrawable(path: string): Draw {
  const name = basename(path);
  const json = parseResults(readTextFile(path), name);
  const { success, data } = z.object({ format: z.string() }).safeParse(json);
  if (!success) throw new InputError(`${name}: has no format, wanted ${DRAWN}`);
  if (!Object.hasOwn(FORMATS, data.format)) {
    throw new InputError(`${name}: format ${JSON.stringify(data.format)} cannot be drawn, wanted ${DRAWN}`);
  }
  return FORMATS[data.format](json, name);
}

function parseResults(text: string, name: string): unknown {
  try {
    return parseJson(text, name);
  } catch {
    throw new InputError(`${name}: is not JSON, wanted ${DRAWN}`);
  }
}

async function writeReport(
  folder: string,
  charts: readonly Chart[],
  page: (charts: readonly DrawnChart[]) => string,
): Promise<ReportFiles> {
  const drawn: DrawnChart[] = [];
  for (const chart of charts) drawn.push({ ...chart, svg: await drawSvg(chart) });
  const pictures = ownFolder(folder, 'charts');
  const paths = drawn.map(({ name, svg }) => {
    const path = join(pictures, `${name}.png`);
    writeAside(path, (append) => append(renderPng(svg)));
    return path;
  });
  const report = join(folder, 'report.html');
  writeTextAside(report, page(drawn));
  return { report, charts: paths };
}
