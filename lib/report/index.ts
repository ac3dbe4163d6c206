/** Pages, charts, films and tables: what stored results hold, drawn. */
export { MissingPackages } from '../files/optional-packages';
export { readDrawable } from './drawable';
export {
  writeDeceptionReport,
  writeDemoReport,
  writeFinetuneReport,
  writeRepetitionReport,
  writeRlReport,
  writeRlRunReport,
  writeStudyFigure,
  writeStudyReport,
  type ReportFiles,
} from './report';
export { studyMaterial, type SampleAnswers, type StudyMaterial } from './study-material';
export { armsTable, crossPlayTables, differencesTable } from './rl-tables';
export {
  examples,
  keptTable,
  namedArms,
  numberCell,
  rateCell,
  rivalsTable,
  type Example,
  type TextTable,
} from './demo-tables';
export { drawFrame, drawStill } from './film/drawing';
export { renderGif } from './film/gif';
export { sceneOf, type Moment, type Point, type Scene } from './film/scene';
