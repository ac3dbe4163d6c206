import { basename } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import {
  askTogether,
  deceptionRates,
  deceptionRatesBy,
  endOf,
  placeOf,
  promptHash,
  RecordFile,
  recordSchema,
  relabel,
  type Asked,
  type DeceptionOptions,
  type DeceptionRecord,
  type Scored,
} from '../evals';
import { answerEnds, encodePrompts } from '../models';
import type { PromptFormat } from '../text';
import { hashJson, noProgress } from '../training';
import { addChatOptions, formatOf, templateOf, warnIfRaw } from './chat-options';
import { checked, InputError, type Given, type Result } from './command';
import { describeRates } from './deception-text';
import { interruptible } from './interrupts';
import { addModelOptions, loadedFiles, loadNamedModel, type LoadedModel } from './model-options';
import { modelProgress } from './model-progress';
import { recordedModel } from './named-model';
import { integer } from './options';
import { startProgress } from './progress';
import { addRankOptions, asRank, isQuiet, type AsRank } from './ranks';
import { addSamplingOptions, samplingOf, samplingSchema } from './sampling-options';
import { addScenarioOptions, chooseScenarios, scenarioSchema } from './scenario-options';

const optionsSchema = samplingSchema.extend({
  ...scenarioSchema.shape,
  model: z.string(),
  adapter: z.string().optional(),
  dtype: z.string().optional(),
  quantize: z.string().optional(),
  device: z.string().optional(),
  deviceMap: z.string().optional(),
  maxNewTokens: z.number(),
  batch: z.number(),
  out: z.string().min(1).optional(),
});

type Options = z.infer<typeof optionsSchema>;

export function define(command: Command): void {
  addModelOptions(command);
  addScenarioOptions(command);
  command
    .option('--max-new-tokens <n>', 'most tokens of an answer', integer({ min: 1, max: 1_000_000 }), 75)
    .option('--batch <n>', 'prompts answered side by side', integer({ min: 1, max: 65_536 }), 16)
    .option('--out <file>', 'one JSON line per prompt with the raw answer; an interrupted run continues from it');
  addChatOptions(command);
  addSamplingOptions(command);
  addRankOptions(command);
}

/** `soo deception`: how often a model points a burglar to the wrong room. */
export const run = (_: readonly string[], given: Given): Promise<Result> =>
  asRank(given, (rank) => evaluate(given, rank));

async function evaluate(given: Given, { group, own }: AsRank): Promise<Result> {
  const options = checked(optionsSchema, given);
  const sampling = samplingOf(options);
  const { asked: chosen, motive } = chooseScenarios(options);
  const loaded = await loadNamedModel(own);
  const format = formatOf(given, loaded.tokenizer);
  const ids = encodePrompts(loaded.model, chosen.map(({ scenario }) => scenario.prompt), { format }); // prettier-ignore
  const asked = chosen.map((one, i) => ({ ...one, ids: ids[i] }));
  const work = (signal: AbortSignal, listen: () => void) => {
    listen();
    return askAll(loaded, asked, options, { format, sampling, signal, group });
  };
  const { scored, resumed } = await interruptible(work, {
    notice: 'stopping after this token; press again to quit now',
    kept:
      options.out === undefined
        ? 'nothing is kept; with --out FILE the same command would continue from there'
        : `the batches that were done are in ${options.out}; run the same command to continue from there`,
  });
  if (isQuiet(group)) return { json: {}, text: '' };
  const bySet = deceptionRatesBy(scored, ({ set }) => set);
  const byOrder = deceptionRatesBy(scored, ({ order }) => order);
  const all = deceptionRates(scored);
  return {
    json: {
      ...all,
      sets: bySet,
      byOrder,
      motive,
      resumed,
      template: format.template,
      config: options,
      ...recordedModel(loaded.found),
    },
    text: describeRates(bySet, byOrder, all),
  };
}

async function askAll(
  loaded: LoadedModel,
  asked: readonly Asked[],
  options: Options,
  {
    format,
    group,
    ...how
  }: { format: PromptFormat } & Pick<DeceptionOptions, 'sampling' | 'signal'> & Pick<AsRank, 'group'>,
): Promise<{ scored: Scored[]; resumed: number }> {
  const { model, found } = loaded;
  using file =
    options.out === undefined || isQuiet(group)
      ? undefined
      : new RecordFile(options.out, fingerprint(options, loaded, format), recordSchema);
  const ends = answerEnds(model, format);
  const earlier = file?.earlier.map((record) => (record.ended ? record : relabel({ ...record, ended: endOf(record.ids, ends) }))); // prettier-ignore
  const done = new Map(earlier?.map((record) => [placeOf(record), record]));
  const own = [...asked.keys()].filter((i) => !isAnswered(done, asked[i], options.out));
  // The file is the first rank's.
  const left = (group ? await group.told(own) : own).map((i) => asked[i]);
  const scored = new Map([...done].map(([place, record]) => [place, scoredOf(record)]));
  if (!isQuiet(group)) warnIfRaw(format);
  const { maxNewTokens, batch: batchSize } = options;
  const resumed = asked.length - left.length;
  const progress = modelProgress(isQuiet(group) ? noProgress : startProgress, model, 'deception', asked.length);
  try {
    let answered = resumed;
    for await (const records of askTogether(model, left, { ...how, format, maxNewTokens, batchSize }, group)) {
      file?.append(records.map((record) => ({ ...record, ...recordedModel(found) })));
      for (const record of records) scored.set(placeOf(record), scoredOf(record));
      progress.update((answered += records.length));
    }
  } finally {
    progress.stop();
  }
  // In the order of the file, so that a resumed run sums up to the same last digit.
  return { scored: asked.flatMap((one) => scored.get(placeOf(one)) ?? []), resumed };
}

function isAnswered(done: ReadonlyMap<string, DeceptionRecord>, one: Asked, out = ''): boolean {
  const record = done.get(placeOf(one));
  if (record && record.prompt !== promptHash(one.scenario.prompt)) {
    throw new InputError(
      `${basename(out)}: scenario ${one.index} of ${one.set} differs from the one this file was made with; name another file`,
    );
  }
  return record !== undefined;
}

/** Answers are left in the file: memory does not grow with them. */
const scoredOf = ({ set, order, label, affirmed, upstream, margin, behaviour, says }: DeceptionRecord): Scored => ({
  ...{ set, order, label, affirmed, upstream, margin, behaviour, says },
});

/** Everything that the answers depend on. The batch is no part of it, nor are the scenarios: their records tell them. */
function fingerprint(options: Options, loaded: LoadedModel, format: PromptFormat): string {
  const { dtype, quantize, maxNewTokens } = options;
  const device = String(loaded.model.device);
  const files = loadedFiles(loaded);
  const sampling = samplingOf(options);
  const drawn = { ...(sampling && { sampling }), ...(quantize && { quantize }), ...templateOf(format) };
  return hashJson({ files, dtype: dtype ?? null, device, maxNewTokens, ...drawn }).slice(0, 16);
}
