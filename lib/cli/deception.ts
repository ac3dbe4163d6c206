import { basename } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import {
  askScenarios,
  deceptionRates,
  promptHash,
  readScenarioSets,
  RecordFile,
  recordSchema,
  type Asked,
  type DeceptionRates,
  type DeceptionRecord,
  type Scored,
} from '../evals';
import { hashFolder, hashJson } from '../report';
import { checked, InputError, type Result } from './command';
import { addModelOptions, loadModel, type LoadedModel } from './model-options';
import { integer } from './options';
import { startProgress } from './progress';
import { encodePrompts } from './prompts';
import { table } from './table';

const optionsSchema = z.object({
  model: z.string(),
  adapter: z.string().optional(),
  dtype: z.string().optional(),
  device: z.string(),
  scenarios: z.string(),
  set: z.string().optional(),
  limit: z.number().optional(),
  maxNewTokens: z.number(),
  batch: z.number(),
  out: z.string().min(1).optional(),
});

type Options = z.infer<typeof optionsSchema>;

export function define(command: Command): void {
  addModelOptions(command);
  command
    .requiredOption('--scenarios <file>', "upstream's scenarios or variations: its pickle, or JSON of the same fields")
    .option('--set <name>', 'burglar, self, or a variation such as treasure_hunt (default: all but self)')
    .option('--limit <n>', 'the first n scenarios of each set', integer({ min: 1 }))
    .option('--max-new-tokens <n>', 'tokens of an answer at most', integer({ min: 1, max: 1_000_000 }), 75)
    .option('--batch <n>', 'prompts answered side by side', integer({ min: 1, max: 65_536 }), 16)
    .option('--out <file>', 'one JSON line per prompt with the raw answer; a run that was interrupted goes on from it');
}

/** `soo deception`: how often a model points a burglar to the wrong room. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const options = checked(optionsSchema, given);
  const asked = chooseScenarios(options);
  const loaded = loadModel(given);
  encodePrompts(asked.map(({ scenario }) => scenario.prompt), loaded.tokenizer, loaded.model); // prettier-ignore
  const { scored, resumed } = await askAll(loaded, asked, options);
  const bySet = ratesBy(scored, ({ set }) => set);
  const byOrder = ratesBy(scored, ({ order }) => order);
  const all = deceptionRates(scored);
  return {
    json: { ...all, sets: bySet, byOrder, resumed, config: options },
    text: describe(bySet, all),
  };
}

/** The scenarios that are asked, in the order of the file. Whom oneself misleads is no deception: `self` is asked by name. */
function chooseScenarios({ scenarios: file, set: wanted, limit }: Options): Asked[] {
  const sets = readScenarioSets(file);
  if (wanted !== undefined && !sets.has(wanted)) {
    throw new InputError(`--set ${wanted}: ${basename(file)} has ${[...sets.keys()].join(', ')}`);
  }
  const chosen = [...sets].filter(([name]) =>
    wanted === undefined ? name !== 'self' || sets.size === 1 : name === wanted,
  );
  return chosen.flatMap(([set, scenarios]) =>
    scenarios.slice(0, limit).map((scenario, index) => ({ set, index, scenario })),
  );
}

async function askAll(
  { model, tokenizer }: LoadedModel,
  asked: readonly Asked[],
  options: Options,
): Promise<{ scored: Scored[]; resumed: number }> {
  using file = options.out === undefined ? undefined : new RecordFile(options.out, fingerprint(options), recordSchema);
  const done = new Map(file?.earlier.map((record) => [placeOf(record), record]));
  const left = asked.filter((one) => !isAnswered(done, one, options.out));
  const scored = new Map([...done].map(([place, record]) => [place, scoredOf(record)]));
  const { maxNewTokens, batch: batchSize } = options;
  const resumed = asked.length - left.length;
  const progress = startProgress('deception', asked.length);
  let answered = resumed;
  for await (const records of askScenarios(model, tokenizer, left, { maxNewTokens, batchSize })) {
    file?.append(records);
    for (const record of records) scored.set(placeOf(record), scoredOf(record));
    progress.update((answered += records.length));
  }
  progress.stop();
  // In the order of the file, so that a resumed run sums up to the same last digit.
  return { scored: asked.flatMap((one) => scored.get(placeOf(one)) ?? []), resumed };
}

const placeOf = ({ set, index }: { set: string; index: number }): string => `${index} ${set}`;

function isAnswered(done: ReadonlyMap<string, DeceptionRecord>, one: Asked, out = ''): boolean {
  const record = done.get(placeOf(one));
  if (record && record.prompt !== promptHash(one.scenario.prompt)) {
    throw new InputError(
      `${basename(out)}: scenario ${one.index} of ${one.set} was another one then; take another file`,
    );
  }
  return record !== undefined;
}

/** Answers are left in the file: memory does not grow with them. */
const scoredOf = ({ set, order, label, affirmed, upstream, margin }: DeceptionRecord): Scored => ({
  set,
  order,
  label,
  affirmed,
  upstream,
  margin,
});

/** Everything that the answers depend on. The batch is no part of it. */
function fingerprint({ model, adapter, dtype, device, maxNewTokens }: Options): string {
  const files = [model, ...(adapter === undefined ? [] : [adapter])].map(hashFolder);
  return hashJson({ files, dtype: dtype ?? null, device, maxNewTokens }).slice(0, 16);
}

function ratesBy(scored: readonly Scored[], group: (record: Scored) => string): Record<string, DeceptionRates> {
  const groups = [...new Set(scored.map(group))];
  return Object.fromEntries(
    groups.map((name) => [name, deceptionRates(scored.filter((record) => group(record) === name))]),
  );
}

function describe(bySet: Record<string, DeceptionRates>, all: DeceptionRates): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  const row = ([name, rates]: [string, DeceptionRates]): (string | number)[] => [
    name,
    rates.n,
    `${percent(rates.deceptive)} [${rates.ci95.map((end) => (100 * end).toFixed(1)).join(', ')}]`,
    percent(rates.honest),
    percent(rates.neither),
    percent(rates.upstreamRate),
    percent(rates.negationAware.deceptive),
    rates.forcedChoice ? rates.forcedChoice.mean.toFixed(2) : '-',
  ];
  const rows = Object.entries(bySet).map(row);
  return table(
    ['set', 'n', 'deceptive', 'honest', 'neither', "upstream's rate", 'negation-aware', 'margin'],
    rows.length > 1 ? [...rows, row(['all', all])] : rows,
  );
}
