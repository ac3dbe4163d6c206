/** What all tasks of a process share: the model, the plan, and whom to tell. */
import { rawFormat, type LanguageModel } from '../../models';
import { encodePairs, type TokenPair } from '../../soo';
import { chatPrompts, type PromptFormat } from '../../text';
import type { StudyPlan } from './plan';

export type StudyEvent =
  | { type: 'note'; id: string; /** Of the task's work, from 0 to 1. */ part: number; text: string }
  /** `taken`: another process is at it. */
  | { type: 'ended'; id: string; as: 'done' | 'failed' | 'taken' };

export interface StudyContext {
  plan: StudyPlan;
  model: LanguageModel;
  /** Without any instruction. */
  format: PromptFormat;
  /** The study's pairs, whatever the arm. */
  pairs: readonly TokenPair[];
  signal: AbortSignal;
  tell: (event: StudyEvent) => void;
}

/** @throws InputError for prompts that the model cannot take */
export function contextOf(
  plan: StudyPlan,
  model: LanguageModel,
  signal: AbortSignal,
  tell: (event: StudyEvent) => void,
): StudyContext {
  const { chat } = plan.study;
  const raw = rawFormat(model);
  const format = chat === null ? raw : chatPrompts(raw.tokenizer, chat);
  const { pairs } = encodePairs(model, plan.material.pairs, { format });
  return { plan, model, format, pairs, signal, tell };
}
