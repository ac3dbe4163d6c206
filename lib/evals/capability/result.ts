/** What is kept of a capability check: one record for each item, by which arms are compared pair by pair, and their rates. */
import { z } from 'zod';
import { wilson, type Interval } from '../../statistics';

export const capabilityItemSchema = z.object({
  /** `arithmetic`, `copying`, ..., or the name that a file of questions with choices was given. */
  task: z.string(),
  /** Tells the item from all others of its task, whatever model and arm are measured. */
  id: z.string(),
  right: z.boolean(),
  /** Of questions with choices: right when the log-likelihoods are divided by the bytes of the choices. */
  rightByBytes: z.boolean().optional(),
  /** As it came, or the choice that was taken. */
  answer: z.string(),
  /** What ended a generated answer: a token that does, or the token budget. Null for choices, for which none is made. */
  ended: z.enum(['eos', 'budget']).nullable(),
});

export type CapabilityItem = z.infer<typeof capabilityItemSchema>;

export interface TaskRates {
  n: number;
  /** Share of right items; an answer that was cut off is not right. */
  right: number;
  /** Wilson's 95% interval of `right`. */
  ci95: Interval;
  /** Answers that were cut off by the token budget: among the wrong ones. */
  truncated: number;
  /** Share by bytes, of questions with choices. */
  rightByBytes?: number;
}

export interface Capability {
  /** By task, in the order in which they were asked. */
  tasks: Record<string, TaskRates>;
  items: CapabilityItem[];
}

/** Rates of items, by task in the order in which the tasks first come. */
export function capabilityRates(items: readonly CapabilityItem[]): Record<string, TaskRates> {
  const names = [...new Set(items.map(({ task }) => task))];
  return Object.fromEntries(names.map((name) => [name, ratesOf(items.filter(({ task }) => task === name))]));
}

function ratesOf(items: readonly CapabilityItem[]): TaskRates {
  const n = items.length;
  const right = items.filter((item) => item.right).length / n;
  const truncated = items.filter(({ ended }) => ended === 'budget').length;
  const byBytes = items.filter(({ rightByBytes }) => rightByBytes === true).length / n;
  const hasBytes = items.every(({ rightByBytes }) => rightByBytes !== undefined);
  return { n, right, ci95: wilson(right, n), truncated, ...(hasBytes && { rightByBytes: byBytes }) };
}
