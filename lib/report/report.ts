/** Reports: `report.html`, one page that needs nothing else, and `charts/<name>.png`, from stored results alone. */
import { join } from 'node:path';
import { writeAside, writeTextAside } from '../checkpoints';
import { BEHAVIOURS, deceptionRates, deceptionRatesBy, type DeceptionRates, type DeceptionRecord } from '../evals';
import { ownFolder } from '../files/folders';
import { InputError, shown } from '../files/input-error';
import type { LearningPoint } from '../rl/evaluation/learning-curve';
import type { RlResults } from '../studies/agents/results';
import type { DemoResults } from '../studies/demo/results';
import type { StudyResults } from '../studies/honesty';
import { ARM_NAMES, type RepetitionResults } from '../studies/repetition';
import type { StepRecord } from '../training/step-record';
import { behaviourChart, deceptionChart } from './charts/deception-chart';
import { demoCharts } from './charts/demo-charts';
import { drawSvg, renderPng, type Chart } from './charts/draw';
import { rlCharts } from './charts/rl-charts';
import { finetuneCharts, returnsChart } from './charts/run-charts';
import { collapseChart } from './charts/collapse-chart';
import { judgeChart } from './charts/judge-chart';
import { radarChart } from './charts/radar-chart';
import { studyCharts } from './charts/study-charts';
import { deceptionPage } from './page/deception-page';
import { demoPage } from './page/demo-page';
import type { DrawnChart } from './page/frame';
import { repetitionPage } from './page/repetition-page';
import { rlPage } from './page/rl-page';
import { runPage, type ShownRun } from './page/run-page';
import { studyPage } from './page/study-page';
import { NOTHING, type StudyMaterial } from './study-material';

/** What a report was written to. */
export interface ReportFiles {
  report: string;
  /** One PNG for each chart of the report. */
  charts: string[];
}

/** Draws a demo's results into a folder. Each file is written aside and renamed. @throws MissingPackages */
export function writeDemoReport(results: DemoResults, folder: string): Promise<ReportFiles> {
  return writeReport(folder, demoCharts(results), (charts) => demoPage(results, charts));
}

/** Draws the results of `soo rl compare`, `classify` or `reproduce` into a folder, as {@link writeDemoReport} does. */
export function writeRlReport(results: RlResults, folder: string): Promise<ReportFiles> {
  return writeReport(folder, rlCharts(results), (charts) => rlPage(results, charts));
}

/** Draws the records of `soo deception` into a folder, by set and by the order of the facts. */
export function writeDeceptionReport(records: readonly DeceptionRecord[], folder: string): Promise<ReportFiles> {
  const rows = deceptionRows(records);
  return writeReport(folder, [deceptionChart(rows)], (charts) => deceptionPage(records, rows, charts));
}

/** What there is but one of is not told twice. */
function deceptionRows(records: readonly DeceptionRecord[]): [string, DeceptionRates][] {
  const groups = [deceptionRatesBy(records, ({ set }) => set), deceptionRatesBy(records, ({ order }) => order)];
  const several = groups.map((rates) => Object.entries(rates)).filter(({ length }) => length > 1);
  return [...several.flat(), ['all', deceptionRates(records)]];
}

/** Draws the results of `soo repeat` into a folder. */
export function writeRepetitionReport(results: RepetitionResults, folder: string): Promise<ReportFiles> {
  const rows = results.rows.map(({ arm, behaviours }) => {
    const shares = BEHAVIOURS.map((label) => ({ label, share: behaviours[label].share, interval: behaviours[label].ci95 })); // prettier-ignore
    return [ARM_NAMES[arm], shares] as const;
  });
  return writeReport(folder, [behaviourChart(rows)], (charts) => repetitionPage(results, charts));
}

/**
 * Draws the results of a study into a folder.
 * @param material what lies beside the results: see {@link studyMaterial}
 */
export function writeStudyReport(
  results: StudyResults,
  folder: string,
  material: StudyMaterial = NOTHING,
): Promise<ReportFiles> {
  return writeReport(folder, figuresOf(results, material), (charts) => studyPage(results, material, charts));
}

/**
 * Draws one figure of a study, as `charts/<name>.png` in a folder.
 * @returns where it is, and what it shows in words
 * @throws InputError where the study measured nothing that it could show
 */
export async function writeStudyFigure(
  name: string,
  results: StudyResults,
  folder: string,
  material: StudyMaterial = NOTHING,
): Promise<{ path: string; description: string }> {
  const charts = figuresOf(results, material);
  const chart = charts.find((one) => one.name === name);
  if (!chart) throw new InputError(`${results.study}: has no figure ${shown(name)}, only ${charts.map((one) => one.name).join(', ')}`); // prettier-ignore
  const svg = await drawSvg(chart);
  return { path: writePicture(folder, { name, svg }), description: chart.description };
}

function figuresOf(results: StudyResults, { collapse, mtBench, judge }: StudyMaterial): Chart[] {
  const scores = Object.entries(mtBench ?? {}).map(([model, { categories }]) => [model, categories] as const);
  const more = [collapseChart(collapse), radarChart(Object.fromEntries(scores)), judge && judgeChart(judge)].filter((chart) => chart !== null); // prettier-ignore
  return [...studyCharts(results), ...more];
}

/** Draws a fine-tuning run from what its folder holds. */
export function writeFinetuneReport(run: ShownRun, steps: readonly StepRecord[], folder: string): Promise<ReportFiles> {
  return writeReport(folder, finetuneCharts(steps), (charts) => runPage('A fine-tuning run', run, charts));
}

/** Draws the training of agents from what its folder holds. */
export function writeRlRunReport(
  run: ShownRun,
  curves: Readonly<Record<string, readonly LearningPoint[]>>,
  folder: string,
): Promise<ReportFiles> {
  return writeReport(folder, [returnsChart(curves)], (charts) => runPage('Agents in training', run, charts));
}

async function writeReport(
  folder: string,
  charts: readonly Chart[],
  page: (charts: readonly DrawnChart[]) => string,
): Promise<ReportFiles> {
  const drawn: DrawnChart[] = [];
  for (const chart of charts) drawn.push({ ...chart, svg: await drawSvg(chart) });
  const paths = drawn.map((chart) => writePicture(folder, chart));
  const report = join(folder, 'report.html');
  writeTextAside(report, page(drawn));
  return { report, charts: paths };
}

function writePicture(folder: string, { name, svg }: Pick<DrawnChart, 'name' | 'svg'>): string {
  const path = join(ownFolder(folder, 'charts'), `${name}.png`);
  writeAside(path, (append) => append(renderPng(svg)));
  return path;
}
