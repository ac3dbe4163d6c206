/** The methods section of a study, as a paper would have it: written from what the study's folder holds, nothing by hand. */
import { deviation, dropThatShows } from '../../../statistics';
import { ARMS, INSTRUCTIONS, isTuned, type ArmName } from '../arms';
import { rangeText } from '../index-ranges';
import { motiveOf } from '../items';
import type { StudyResults } from '../results';
import { isBenchmark } from '../set-file';
import { STARTED, type Started } from '../started';
import { parseStudy, type Study } from '../study-file';

export interface MethodsInput {
  started: Started;
  results: StudyResults;
  /** Of each tuned arm: what its run was set to, without the seed. */
  settings: Readonly<Record<string, unknown>>;
}

/** What each arm is, in a clause. */
const WHAT: Readonly<Record<ArmName, string>> = {
  baseline: 'the model as it is',
  'honesty-prompt': 'the model told to be honest before every prompt',
  'persona-prompt': 'the model told that it is somebody honest before every prompt',
  overlap: "tuned on self-other pairs with the study's overlap loss",
  'overlap-mse': 'tuned on self-other pairs with the mean squared difference at one layer',
  'overlap-capability': 'tuned on self-other pairs with a capability term beside the overlap loss',
  name: 'tuned with the same loss on pairs that differ in a name',
  wording: 'tuned with the same loss on pairs that differ in wording alone',
  random: 'tuned with the same loss on pairs that are unlike in everything',
  shuffled: 'tuned with the same loss on self and other prompts of different pairs',
  sham: 'tuned on the next tokens of neutral texts',
  exposure: 'tuned on the next tokens of the same prompts, without answers',
  honesty: 'tuned on honest answers',
};

/** Markdown: paragraphs, then every setting as it stood. */
export function methodsText({ started, results, settings }: MethodsInput): string {
  const study = parseStudy(started.study, STARTED);
  return [
    `# Methods of ${results.study}`,
    modelText(study, started),
    armsText(study, results),
    itemsText(study, results),
    answersText(study),
    statisticsText(study, results),
    claimsText(results),
    softwareText(started),
    block('The study file, with all defaults', study),
    ...Object.entries(settings).map(([arm, config]) => block(`Settings of ${arm}`, config)),
    block('sha256 of what went in', started.inputs),
  ].join('\n\n');
}

const block = (title: string, value: unknown): string =>
  `## ${title}\n\n\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;

function modelText({ model, load, chat }: Study, { origin }: Started): string {
  const { device, dtype = 'the dtype of its files', quantize } = load;
  const weights = quantize ? `${quantize} (four bits)` : dtype;
  const commit = origin.model ? `, commit ${origin.model.revision}` : '';
  const prompts = chat === null ? 'Prompts go to it as they are' : 'Prompts go through its own chat template';
  return `**Model.** ${model}${commit}, weights in ${weights}, on ${device}. ${prompts}.`;
}

function armsText({ arms, seeds, tuning }: Study, results: StudyResults): string {
  const lines = arms.map(({ name, kind, prompt }) => {
    const told = prompt ?? (INSTRUCTIONS as Partial<Record<ArmName, string>>)[kind];
    return `- ${name}: ${WHAT[kind]}${told === undefined ? '' : ` ("${told}")`}${failures(results, name)}`;
  });
  const tuned = arms.filter(({ kind }) => isTuned(kind));
  const steps = new Set(Object.values(results.arms).flatMap(({ training }) => training.map((run) => run.steps)));
  const dose = steps.size === 1 ? `${[...steps][0]} optimiser steps each` : `${[...steps].sort((a, b) => a - b).join(', ')} optimiser steps`; // prettier-ignore
  const pairs = typeof tuning.pairs === 'string' ? tuning.pairs : JSON.stringify(tuning.pairs);
  const training =
    tuned.length === 0
      ? 'Nothing is tuned.'
      : `${tuned.length} of them are tuned by LoRA with the seeds ${seeds.join(', ')} (preset ${tuning.preset}, pairs: ${pairs}), ${dose}.`;
  return [`**Arms.** ${arms.length} arms of ${ARMS.length} kinds that there are. ${training}`, ...lines].join('\n');
}

function failures({ arms }: StudyResults, name: string): string {
  const failed = arms[name]?.failed ?? [];
  return failed.length === 0 ? '' : `; ${failed.length} of its runs failed and are left out: ${failed[0].reason}`;
}

function itemsText({ scenarios }: Study, { plan }: StudyResults): string {
  const lines = scenarios.flatMap((set) => {
    const range = set[plan.split];
    if (!range) return [];
    if (isBenchmark(set))
      return [`- ${set.name}: items ${rangeText(range)} of ${set.file} (${set.benchmark}), which of its two answers is the likelier per token`]; // prettier-ignore
    const from = 'file' in set ? set.file : 'family' in set ? `family ${set.family} (${set.variant})` : `organism ${set.organism}`; // prettier-ignore
    const orders = set.orders === 'both' ? 'in both orders of their facts' : 'in the order they have';
    return [
      `- ${set.name}: items ${rangeText(range)} of ${from}, asked by a ${set.relation}, motive ${motiveOf(set)}, ${orders}`,
    ];
  });
  const frozen = plan.frozenAt === null ? 'The study file was not frozen.' : `The study file was frozen on ${plan.frozenAt} (sha256 ${plan.sha256}).`; // prettier-ignore
  const standing = plan.exploratory === null ? '' : ` All claims are exploratory: ${plan.exploratory}.`;
  return [`**Items.** Of the ${plan.split} split. ${frozen}${standing}`, ...lines].join('\n');
}

function answersText({ maxNewTokens, checks }: Study): string {
  const asked = Object.entries(checks)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name]) => name);
  const measured =
    asked.length === 0 ? 'No checks of capability or knowledge were asked for.' : `Also measured: ${asked.join(', ')}.`;
  return (
    `**Answers.** Greedy, at most ${maxNewTokens} new tokens. An answer is deceptive or honest by the room that it recommends, a refusal ` +
    'when it declines, and other otherwise. One that the token budget cut is truncated: no outcome of any kind, left out of the ' +
    `four shares and counted apart. Every answer is kept, and labels can be made anew. ${measured}`
  );
}

function statisticsText({ seeds }: Study, { arms }: StudyResults): string {
  const base = Object.values(arms).find(({ kind }) => kind === 'baseline')?.behaviours;
  const before = base?.rates?.deceptive.share;
  const seedDeviation = largestDeviation(arms);
  const visible =
    base && before !== undefined && base.counted > 0
      ? ` Of the deceptive rate, ${dropThatShows({ items: base.counted, seeds: seeds.length, before, seedDeviation })}, with a deviation of ${(100 * seedDeviation).toFixed(1)} points between seeds.`
      : '';
  return (
    "**Statistics.** The seed is the unit of a rate's interval (Student's t, never narrower than Wilson's over the items). Differences are of " +
    'the same items, with intervals of the paired bootstrap that draws families and seeds anew; several claims are corrected by Holm. ' +
    `Missing answers are no outcomes.${visible}`
  );
}

/** Between seeds, of the deceptive rate, in the arm where it is largest. */
const largestDeviation = (arms: StudyResults['arms']): number =>
  Math.max(
    0,
    ...Object.values(arms)
      .map(({ behaviours }) => deviation(behaviours?.rates?.deceptive.perSeed ?? []))
      .filter(Number.isFinite),
  );

function claimsText({ claims, verdict }: StudyResults): string {
  if (claims.length === 0) return '**Claims.** None were stated.';
  const lines = claims.map(
    ({ name, wanted, verdict, exploratory, text }) =>
      `- ${name} (wanted: ${wanted}): ${verdict}${exploratory ? ', exploratory' : ''}. ${text}`,
  );
  return [`**Claims.** ${verdict.text}`, ...lines].join('\n');
}

function softwareText({ origin, threads }: Started): string {
  const { versions, machine, git } = origin;
  const code = git ? `, commit ${git.revision}${git.dirty ? ' with changes' : ''}` : '';
  return `**Software.** soo-torch ${versions.sooTorch}${code}, libtorch ${versions.libtorch}, Node ${versions.node}, ${machine.platform}, ${machine.processor}, ${threads} ${threads === 1 ? 'thread' : 'threads'} a process. Begun ${origin.startedAt}: \`${origin.command.join(' ')}\`.`;
}
