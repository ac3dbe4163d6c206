import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { WORDS } from '../evals/organism';
import { Mistral } from '../models';
import { examples, KINDS, keptTable, rivalsTable, type DemoResults, type TextTable } from '../report';
import { checked, InputError, type Result } from './command';
import { runDemo } from './demo-run/run-demo';
import { demoSettings } from './demo-run/settings';
import { makeFolder } from './out-folder';
import { integer } from './options';
import { ROOT } from './package-root';
import { startProgress } from './progress';
import { table } from './table';

/** The organism is so small that threads wait for each other longer than they compute; processes do not. */
export const defaultThreads = 1;

const optionsSchema = z.object({
  out: z.string().min(1),
  seeds: z.number().optional(),
  quick: z.boolean().default(false),
  model: z.string(),
  workers: z.number().optional(),
});

export function define(command: Command): void {
  command
    .option('--out <dir>', 'folder for results.json', path.join('results', 'demo'))
    .option('--seeds <n>', 'tuning runs per kind of pairs (default: 3, with --quick 1)', integer({ min: 1, max: 100 }))
    .option('--quick', 'one seed and fewer prompts: under a minute')
    .option('--workers <n>', 'processes that tune side by side (default: one per core)', integer({ min: 1, max: 64 }))
    .option('--model <dir>', 'folder of another organism with the same words', path.join(ROOT, 'organism'));
}

/**
 * `soo demo`: measures the organism, tunes it on both kinds of pairs and on controls, and measures it again. Ctrl-C
 * keeps what has been measured.
 */
export async function run(_: readonly string[], options: Readonly<Record<string, unknown>>): Promise<Result> {
  const { out, seeds, quick, workers, model: folder } = checked(optionsSchema, options);
  const model = loadOrganism(folder);
  const file = path.join(makeFolder(out), 'results.json');
  const settings = demoSettings({ quick, seeds });
  const stop = listenForSignals();
  const progress = progressBar();
  try {
    const results = await runDemo({
      model,
      folder,
      root: ROOT,
      file,
      command: ['soo', 'demo', ...process.argv.slice(3)],
      settings,
      workers: workers ?? availableParallelism(),
      signal: stop.signal,
      onProgress: progress.update,
    });
    progress.stop();
    return { json: jsonOf(results, file), text: textOf(results, file), failed: results.status !== 'done' };
  } finally {
    progress.stop();
    stop.remove();
  }
}

function loadOrganism(folder: string): Mistral {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError(`--model ${folder}: no such folder`);
  const model = Mistral.fromFolder(folder);
  if (model.config.vocabSize === WORDS.length) return model;
  throw new InputError(
    `--model ${folder}: vocab_size is ${model.config.vocabSize}, and the organism's world has ${WORDS.length} words`,
  );
}

/** The first Ctrl-C (or SIGTERM) asks the demo to save and end; a second one ends it at once. */
function listenForSignals(): { signal: AbortSignal; remove: () => void } {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  const remove = (): void => names.forEach((name) => process.off(name, stop));
  const stop = (name: NodeJS.Signals): void => {
    remove();
    process.stderr.write(`\n${name}: stopping after this step; what has been measured is kept\n`);
    controller.abort(new Error(`interrupted by ${name}`));
  };
  names.forEach((name) => process.on(name, stop));
  return { signal: controller.signal, remove };
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

/** What a program reads: the rows and verdicts. Every sample is in the file. */
function jsonOf(results: DemoResults, file: string): object {
  const { status, reason, seconds, config, origin, model, baseline, tuned, controls, verdicts, failures } = results;
  const files = { results: path.resolve(file) };
  return { status, reason, seconds, baseline, tuned, controls, verdicts, failures, config, model, origin, files };
}

const SHOWN_FAMILIES = ['rival', 'friend', 'self', 'perspectiveOther'];

function textOf(results: DemoResults, file: string): string {
  const show = ({ title, head, rows }: TextTable): string => `${title}\n${table(head, rows)}`;
  const verdicts = KINDS.map((kind) => `${kind}: ${results.verdicts[kind].text}`);
  const shown = examples(results, SHOWN_FAMILIES).map(
    ({ prompt, answers }) =>
      `${prompt.text}\n${answers.map(({ name, answer }) => `  ${name.padEnd(9)} > ${answer}`).join('\n')}`,
  );
  return [
    show(rivalsTable(results)),
    show(keptTable(results)),
    ...shown,
    ...warnings(results),
    ...verdicts,
    ending(results, file),
  ].join('\n\n');
}

function warnings({ baseline, failures }: DemoResults): string[] {
  const missed = baseline.missedGates.map((gate) => `warning: the model misses a gate before tuning: ${gate}`);
  const failed = failures.map(({ id, reason }) => `warning: ${id} is left out: ${reason}`);
  return missed.length + failed.length > 0 ? [[...missed, ...failed].join('\n')] : [];
}

function ending({ status, reason, runs, seconds, config }: DemoResults, file: string): string {
  const done = `${runs.length} tuning runs, ${config.seeds.length} seeds, ${seconds.toFixed(0)} s. Every answer: ${file}`;
  return status === 'done' ? done : `NOT COMPLETE (${reason}): the tables hold what was measured until then. ${done}`;
}
