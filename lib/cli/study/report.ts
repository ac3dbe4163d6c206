import { join } from 'node:path';
import { studyMaterial, writeStudyReport, type ReportFiles } from '../../report';
import type { StudyResults } from '../../studies/honesty';
import { drawnIfPossible } from '../drawn';

/** `report.html` and `charts/` of a study, beside its results; null where the packages that draw are not installed. */
export const drawStudy = (results: StudyResults, folder: string): Promise<ReportFiles | null> =>
  drawnIfPossible(join(folder, 'results.json'), () =>
    writeStudyReport(results, folder, studyMaterial(folder, results)),
  );
