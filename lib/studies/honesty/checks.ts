/** The checks beside the scenarios: what a model still knows and can do. Each tells its items one by one, to be paired. */
import {
  answerQuestions,
  KNOWLEDGE,
  measureCapability,
  mtBench,
  readChoiceQuestions,
  type CapabilityItem,
  type ChoiceQuestion,
  type KnowledgeCheck,
  type KnowledgeQuestion,
} from '../../evals';
import type { LanguageModel } from '../../models';
import { buildEvaluationSet } from '../../organism';
import type { PromptFormat } from '../../text';
import type { Check, Checked } from './measured';
import type { Study } from './study-file';

/** What is asked of every arm; plain data. */
export interface CheckMaterial {
  questions: Partial<Record<KnowledgeCheck, readonly KnowledgeQuestion[]>>;
  choices: readonly ChoiceQuestion[] | null;
  tasks: { n: number; seed: number } | null;
  mtBench: { questions: readonly mtBench.MtBenchQuestion[]; maxNewTokens: number; seed: number } | null;
}

/** @param pathOf the place of a file that the study names */
export function checkMaterialOf({ checks, scenarios }: Study, pathOf: (file: string) => string): CheckMaterial {
  const isOrganism = scenarios.some((set) => 'organism' in set);
  const ask = (name: KnowledgeCheck): [KnowledgeCheck, KnowledgeQuestion[]][] => {
    const options = checks[name];
    if (!options) return [];
    return [[name, isOrganism ? organismQuestions(name, options) : KNOWLEDGE[name](options)]];
  };
  const { mtBench: bench } = checks;
  const names: KnowledgeCheck[] = ['perspective', 'falseBelief', 'selfKnowledge'];
  return {
    questions: Object.fromEntries(names.flatMap(ask)),
    choices: checks.multipleChoice === undefined ? null : readChoiceQuestions(pathOf(checks.multipleChoice)),
    tasks: checks.tasks,
    mtBench: bench ? { ...bench, questions: mtBench.readQuestions(pathOf(bench.questions)).slice(0, bench.n) } : null,
  };
}

/** In the embedded model's words: where somebody who may be mistaken will look, and where oneself will. */
function organismQuestions(name: KnowledgeCheck, { n, seed }: { n: number; seed: number }): KnowledgeQuestion[] {
  const family = name === 'selfKnowledge' ? 'perspectiveSelf' : 'perspectiveOther';
  const prompts = buildEvaluationSet(family, { split: 'test', n, seed });
  return prompts.map(({ name: who, text, expected, alternative }, i) => ({
    id: `${name}-${i}`,
    text,
    leadIn: `${who ?? 'I'} would look in the`,
    right: expected,
    wrong: alternative,
  }));
}

export interface CheckContext {
  model: LanguageModel;
  /** The arm's own: what it is told, it is told here too. */
  format: PromptFormat;
  material: CheckMaterial;
  batch: number;
  signal: AbortSignal;
}

/** null where the study does not ask for it. */
type CheckRun = (context: CheckContext) => Promise<Checked | null>;

const knowledge =
  (name: KnowledgeCheck): CheckRun =>
  async ({ model, format, material, signal }) => {
    const questions = material.questions[name];
    return questions ? await answerQuestions(model, format, questions, signal) : null;
  };

const checkedOf = (items: readonly CapabilityItem[]): Checked => ({
  n: items.length,
  right: items.filter(({ right }) => right).length,
  items: items.map(({ task, id, right }) => ({ id: `${task} ${id}`, right })),
});

export const CHECK_RUNS: Readonly<Record<Check, CheckRun>> = {
  perspective: knowledge('perspective'),
  falseBelief: knowledge('falseBelief'),
  selfKnowledge: knowledge('selfKnowledge'),
  async tasks({ model, format, material: { tasks }, batch, signal }) {
    if (!tasks) return null;
    const options = { each: tasks.n, seed: tasks.seed, batchSize: batch, signal };
    return checkedOf((await measureCapability(model, format, options)).items);
  },
  async multipleChoice({ model, format, material: { choices }, signal }) {
    if (!choices) return null;
    const asked = { each: 0, seed: 0, choices: { choices }, signal };
    return checkedOf((await measureCapability(model, format, asked)).items);
  },
};
