import path from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { exportStudy, planStudy, runStudy, SPLITS, type StudyResults } from '../../studies/honesty';
import { torch, type DeviceLike } from '../../torch';
import { originOf } from '../../training';
import { checked, type Result } from '../command';
import { knownDevice } from '../device-options';
import { loadWatched } from '../model-options';
import { makeFolder } from '../out-folder';
import { ROOT } from '../package-root';
import { addWorkersOption, keptWork, workplace } from '../workers';
import { addStudyOptions, namedStudy } from './named-study';
import { drawStudy } from './report';
import { textOf } from './results-text';

const optionsSchema = z.object({
  out: z.string().min(1),
  workers: z.number().optional(),
  split: z.enum(SPLITS).optional(),
});

export function define(command: Command): void {
  addStudyOptions(command);
  addWorkersOption(command);
  command
    .requiredOption(
      '--out <dir>',
      'folder for the results, the records and a folder for each task; what is there is gone on with',
    )
    .addOption(
      new Option('--split <name>', 'items to ask (default: confirmation, where the study names any)').choices(SPLITS),
    );
}

/** libtorch's threads in each process, unless --threads says otherwise: several work side by side. */
export const defaultThreads = 1;

/** `soo study run`: does what is left, beside whoever else works in the folder. */
export async function run([file]: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const options = checked(optionsSchema, given);
  const named = await namedStudy(file, given);
  const { study } = named.file;
  const load = { ...study.load, device: knownDevice(study.load.device) };
  const model = loadWatched(named.model.path, load);
  const plan = planStudy(
    named.file,
    { model },
    {
      folder: makeFolder(options.out),
      model: named.model,
      data: named.data,
      split: options.split,
      origin: originOf(ROOT, ['soo', 'study', 'run', ...process.argv.slice(4)], named.model),
    },
  );
  const where = workplace(model, options.workers, (workers) => {
    return { workers, load: { ...load, device: String(load.device) as DeviceLike } };
  });
  const results = await keptWork<StudyResults>('study', options.out, (signal, onProgress) =>
    runStudy({ file: named.file, plan, threads: torch.getNumThreads(), ...where, signal, onProgress }),
  );
  const written = path.resolve(options.out, 'results.json');
  const { logs } = exportStudy(path.resolve(options.out));
  const drawn = await drawStudy(results, path.resolve(options.out));
  const files = [`results: ${written}`, ...(drawn ? [`report: ${drawn.report}`] : [])];
  return { json: { ...results, file: written, logs, ...drawn }, text: `${textOf(results)}\n\n${files.join('\n')}` };
}
