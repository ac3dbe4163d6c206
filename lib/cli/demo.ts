import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { folder as ORGANISM, WORDS } from '../organism';
import { loadModel, type LanguageModel } from '../models';
import { writeDemoReport } from '../report';
import { checked, InputError, type Result } from './command';
import { runDemo } from '../studies/demo/run';
import { jsonOf, textOf } from './demo-text';
import { drawnIfPossible } from './drawn';
import { demoSettings } from '../studies/demo/plan';
import { makeFolder } from './out-folder';
import { listenForSignals } from './interrupts';
import { knownDevice } from './device-options';
import { integer, integers } from './options';
import { ROOT } from './package-root';
import { startProgress } from './progress';

/** The organism is so small that threads wait for each other longer than they compute; processes do not. */
export const defaultThreads = 1;

const optionsSchema = z.object({
  out: z.string().min(1),
  seeds: z.array(z.number()).optional(),
  quick: z.boolean().default(false),
  model: z.string(),
  workers: z.number().optional(),
  resume: z.boolean().default(false),
  device: z.string().default('cpu'),
});

export function define(command: Command): void {
  command
    .option(
      '--out <dir>',
      'folder for report.html, results.json, charts/, runs/ and tensorboard/',
      path.join('results', 'demo'),
    )
    .option(
      '--seeds <list...>',
      'one tuning run each for each kind of pairs (default: 1 to 5; 1 with --quick)',
      integers({ min: 0, max: 1e6 }),
    )
    .option('--quick', 'one seed and fewer prompts: under a minute')
    .option('--workers <n>', 'processes that tune in parallel (default: one per core)', integer({ min: 1, max: 64 }))
    .option('--resume', 'continue the demo in --out, to the same numbers; start one if there is none')
    .option('--device <name>', 'cpu, cuda:0, ...: where the model is tuned and measured', 'cpu')
    .option('--model <dir>', 'folder of another organism with the same vocabulary', ORGANISM);
}

/**
 * `soo demo`: measures the organism, tunes it on both kinds of pairs and on controls, and measures it again. Ctrl-C
 * keeps what has been measured.
 */
export async function run(_: readonly string[], options: Readonly<Record<string, unknown>>): Promise<Result> {
  const { out, seeds, quick, workers, resume, device, model: folder } = checked(optionsSchema, options);
  const model = loadOrganism(folder, device);
  const file = path.join(makeFolder(out), 'results.json');
  const settings = demoSettings({ quick, seeds });
  const stop = listenForSignals('stopping after this step; measurements so far are kept; --resume continues');
  const progress = progressBar();
  try {
    const results = await runDemo({
      model,
      folder,
      root: ROOT,
      file,
      resume,
      command: ['soo', 'demo', ...process.argv.slice(3)],
      settings,
      workers: workers ?? availableParallelism(),
      signal: stop.signal,
      onProgress: progress.update,
    });
    progress.stop();
    const drawn = await drawnIfPossible(file, () => writeDemoReport(results, path.resolve(out)));
    const files = { report: drawn?.report ?? null, results: path.resolve(file) };
    return { json: jsonOf(results, files), text: textOf(results, files), failed: results.status !== 'done' };
  } finally {
    progress.stop();
    stop.remove();
  }
}

function loadOrganism(folder: string, device: string): LanguageModel {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError(`--model ${folder}: no such folder`);
  const model = loadModel(folder, { device: knownDevice(device), dtype: 'float32' });
  if (model.config.vocabSize === WORDS.length) return model;
  throw new InputError(
    `--model ${folder}: vocab_size is ${model.config.vocabSize}, and the organism's world has ${WORDS.length} words`,
  );
}

/** One bar over all runs; it starts when the total is known. */
function progressBar(): { update: (done: number, total: number, note: string) => void; stop: () => void } {
  let bar: ReturnType<typeof startProgress> | undefined;
  return {
    update(done, total, note) {
      bar ??= startProgress('demo', total);
      bar.update(done, note);
    },
    stop() {
      bar?.stop();
      bar = undefined;
    },
  };
}
