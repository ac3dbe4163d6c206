/** Answers that are kept as they come: asking that is interrupted goes on where it was. */
import { RecordFile } from '../files/json-lines';
import type { LanguageModel } from '../models';
import { placeOf } from './asked';
import { askScenarios, recordSchema, type Asked, type DeceptionOptions, type DeceptionRecord } from './deception';

export interface KeptAnswersOptions extends DeceptionOptions {
  /** Gets a line for each answer. */
  file: string;
  /** A fingerprint of everything that the answers depend on. */
  run: string;
  /** @param done of `total` scenarios; told before the first and after every batch */
  onProgress: (done: number, total: number) => void;
}

/** A record for each of what is asked, in that order; what the file has already is not asked again. */
export async function keptAnswers(
  model: LanguageModel,
  asked: readonly Asked[],
  { file: path, run, onProgress, ...options }: KeptAnswersOptions,
): Promise<DeceptionRecord[]> {
  using file = new RecordFile(path, run, recordSchema);
  const done = new Map(file.earlier.map((record) => [placeOf(record), record]));
  const left = asked.filter((one) => !done.has(placeOf(one)));
  onProgress(done.size, asked.length);
  for await (const records of askScenarios(model, left, options)) {
    file.append(records);
    for (const record of records) done.set(placeOf(record), record);
    onProgress(done.size, asked.length);
  }
  return asked.map((one) => done.get(placeOf(one)) as DeceptionRecord);
}
