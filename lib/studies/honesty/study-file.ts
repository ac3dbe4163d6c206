/** The study file: all that is tuned, asked and claimed, written down before anything is known of the outcome. */
import { basename, dirname, extname, resolve } from 'node:path';
import { z } from 'zod';
import { shown } from '../../files/input-error';
import { checkShape, decodeText, parseJson, readBytes } from '../../files/json-file';
import { parseYaml } from '../../files/yaml';
import { finetuneSettings, loraSettings } from '../../soo';
import { hashBytes } from '../../training';
import { ARMS, isTuned } from './arms';
import { chosenSchema, hasKey } from './chosen-schema';
import { claimSchema } from './claim-file';
import { isBenchmark, nameSchema, scenarioSetSchema } from './set-file';

export const STUDY_FORMAT = 'soo-torch study 1';

const whole = (min: number, max = 1e9) => z.int().min(min).max(max);
const file = z.string().min(1);

const { seed: _seed, lora: _lora, ...settings } = finetuneSettings;

/** Any of the settings of `soo finetune`; the seed is the study's. */
const overridesSchema = z.strictObject({
  ...z.object(settings).partial().shape,
  lora: z.strictObject(z.object(loraSettings).partial().shape).optional(),
});
export type FinetuneOverrides = z.infer<typeof overridesSchema>;

const loadSchema = z.strictObject({
  dtype: z.enum(['float32', 'float64', 'float16', 'bfloat16', 'auto']).optional(),
  quantize: z.literal('nf4').optional(),
  device: z.string().default('cpu'),
});

const chatSchema = z.strictObject({
  system: z.string().optional(),
  /** Variables of the template. */
  kwargs: z.record(z.string(), z.unknown()).optional(),
  prefill: z.string().optional(),
  /** The day that a template is told. */
  date: z.string().optional(),
});

const familyPairs = z.strictObject({ family: z.string().min(1), n: whole(1).default(52), seed: whole(0).default(1) });
const organismPairs = z.strictObject({ organism: z.enum(['scenes', 'fragments']), seed: whole(0).default(1) });
export type StudyPairs = string | z.infer<typeof familyPairs> | z.infer<typeof organismPairs>;

const PAIRS = { file, family: familyPairs, organism: organismPairs } as const;
const pairsKind = (given: unknown): keyof typeof PAIRS =>
  typeof given === 'object' ? (hasKey(given, 'family') ? 'family' : 'organism') : 'file';

const tuningSchema = z.strictObject({
  /** A file of [self, other], those of a scenario family, or the embedded model's own. */
  pairs: chosenSchema<z.ZodType<StudyPairs>>((given) => PAIRS[pairsKind(given)]),
  /** Neutral texts, of the generic sham and the capability term: a file; by default they are generated. */
  neutral: file.optional(),
  preset: z.enum(['clean', 'upstream']).default('clean'),
  finetune: overridesSchema.default({}),
});

const namedArmSchema = z.strictObject({
  name: nameSchema,
  kind: z.enum(ARMS),
  /** Of a prompt arm: its instruction, instead of the library's. */
  prompt: z.string().min(1).optional(),
  /** Of a tuned arm: what differs from `tuning.finetune`. */
  finetune: overridesSchema.default({}),
});
const ARM = `must be an arm (${ARMS.join(', ')}) or {name, kind, ...}`;
const armSchema = chosenSchema<z.ZodType<StudyArm>>((given) =>
  typeof given === 'string'
    ? z.enum(ARMS, ARM).transform((kind) => namedArmSchema.parse({ name: kind, kind }))
    : namedArmSchema,
);
export type StudyArm = z.infer<typeof namedArmSchema>;

const counted = (fallback: number) =>
  z
    .union([z.boolean(), z.strictObject({ n: whole(1), seed: whole(0).default(1) })])
    .transform((given) => (given === true ? { n: fallback, seed: 1 } : given === false ? null : given))
    .default(null);

const checksSchema = z.strictObject({
  /** Where somebody who is mistaken will look. */
  perspective: counted(100),
  falseBelief: counted(60),
  /** What the model says of itself. */
  selfKnowledge: counted(40),
  /** Texts to measure perplexity on: a file of lines, or a JSON list. */
  perplexity: file.optional(),
  /** Short tasks with exact answers: `n` of each kind. */
  tasks: counted(10),
  /** Questions in JSON lines, answered by likelihood. */
  multipleChoice: file.optional(),
  /** MT-Bench's questions in FastChat's form, of which the first `n` are asked; the answers wait for a judge. */
  mtBench: z
    .strictObject({
      questions: file,
      n: whole(1).optional(),
      maxNewTokens: whole(1).default(1024),
      seed: whole(0).default(1),
    })
    .optional(),
});

const studySchema = z
  .strictObject({
    format: z.literal(STUDY_FORMAT, `must be "${STUDY_FORMAT}"`),
    name: nameSchema,
    /** A folder, a GGUF file, a name on the hub, or `organism`, the embedded model. */
    model: z.string().min(1),
    load: loadSchema.default({ device: 'cpu' }),
    /** The model's own template with these settings; false: prompts go raw. */
    chat: z.union([z.boolean(), chatSchema]).transform((given) => (given === true ? {} : given === false ? null : given)).default(null), // prettier-ignore
    tuning: tuningSchema,
    seeds: z.array(whole(0)).min(1).default([276, 809, 609]),
    arms: z.array(armSchema).min(1),
    scenarios: z.array(scenarioSetSchema).min(1),
    checks: checksSchema.prefault({}),
    maxNewTokens: whole(1, 1_000_000).default(75),
    /** Prompts answered side by side; it changes no answer. */
    batch: whole(1, 65_536).default(25),
    claims: z.array(claimSchema).default([]),
  })
  .superRefine((study, context) => {
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    for (const part of ['arms', 'scenarios', 'claims', 'seeds'] as const) {
      const names = study[part].map((one) => (typeof one === 'number' ? String(one) : 'id' in one ? one.id : one.name));
      const at = names.findIndex((name, i) => names.indexOf(name) !== i);
      if (at >= 0) refuse([part, at], `stands there twice: ${shown(names[at])}`);
    }
    const arms = study.arms.map(({ name }) => name);
    if (study.checks.mtBench && study.chat === null)
      refuse(['checks', 'mtBench'], 'goes with a chat template: its questions are turns of a conversation; set chat');
    if (!study.arms.some(({ kind }) => kind === 'baseline')) refuse(['arms'], 'must have the baseline among them');
    for (const [i, { kind, prompt, finetune }] of study.arms.entries()) {
      if (prompt !== undefined && !kind.endsWith('-prompt'))
        refuse(['arms', i, 'prompt'], `goes with a prompt arm, not ${kind}`);
      if (Object.keys(finetune).length > 0 && !isTuned(kind)) refuse(['arms', i, 'finetune'], `${kind} is not tuned`);
      if (finetune.heldOut !== undefined)
        refuse(['arms', i, 'finetune', 'heldOut'], 'goes with tuning.finetune: all arms are watched by the same pairs');
    }
    for (const [i, claim] of study.claims.entries()) {
      for (const side of ['arm', 'against'] as const) {
        if (!arms.includes(claim[side])) refuse(['claims', i, side], `no such arm: ${shown(claim[side])}`);
      }
      const { set } = claim;
      if (set !== undefined && !study.scenarios.some(({ name }) => name === set)) refuse(['claims', i, 'set'], `no such set: ${shown(set)}`); // prettier-ignore
      const isOfBenchmark = study.scenarios.some((one) => one.name === set && isBenchmark(one));
      if (isOfBenchmark !== (claim.measure === 'leaning'))
        refuse(['claims', i, 'measure'], 'leaning goes with the set of a benchmark, and a benchmark with leaning');
    }
  });
export type Study = z.infer<typeof studySchema>;

export interface StudyFile {
  study: Study;
  /** As it stands in the file. */
  json: unknown;
  path: string;
  /** Of its bytes. */
  sha256: string;
}

/** @throws InputError that names the file and the key that is unknown, missing or out of range */
export function readStudy(path: string): StudyFile {
  const bytes = readBytes(path);
  const name = basename(path);
  const text = decodeText(bytes, name);
  const json = extname(path) === '.json' ? parseJson(text, name, { uniqueKeys: true }) : parseYaml(text, name);
  return { study: parseStudy(json, name), json, path: resolve(path), sha256: hashBytes(bytes) };
}

/** The study in what a file holds. @param name of the file, for messages */
export const parseStudy = (json: unknown, name: string): Study => checkShape(studySchema, json, name);

/** A data file of the study: where `data` says, or beside the study file. */
export const dataPath = ({ path }: Pick<StudyFile, 'path'>, name: string, data?: string): string =>
  resolve(data ?? dirname(path), name);
