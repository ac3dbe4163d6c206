/** What a report was written to. A file of its own: its users' types then need none of the chart library's. */
export interface ReportFiles {
  report: string;
  /** One PNG for each chart of the report. */
  charts: string[];
}
