/** The options by which answers are drawn instead of greedy. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { SamplingOptions } from '../models';
import { InputError } from './command';
import { decimal, integer } from './options';

export const samplingSchema = z.object({
  temperature: z.number().optional(),
  topK: z.number().optional(),
  topP: z.number().optional(),
  seed: z.number().optional(),
});
type Options = z.output<typeof samplingSchema>;

/** Adds --temperature, --top-k, --top-p and --seed to a command. */
export function addSamplingOptions(command: Command): void {
  command
    .option('--temperature <x>', 'sample, with logits divided by this (default: greedy)', decimal({ above: 0 }))
    .option('--top-k <n>', 'draw among the n likeliest tokens', integer({ min: 1 }))
    .option(
      '--top-p <x>',
      'sample from the likeliest tokens whose probabilities add up to this',
      decimal({ min: 0, max: 1 }),
    )
    .option('--seed <n>', 'the same seed draws the same tokens (default: 0)', integer({ min: 0 }));
}

/**
 * What {@link addSamplingOptions} asked for; undefined for the greedy choice.
 * @throws InputError for a seed without anything to draw
 */
export function samplingOf({
  temperature,
  topK,
  topP,
  seed,
}: Options): (SamplingOptions & { seed: number }) | undefined {
  if (temperature !== undefined || topK !== undefined || topP !== undefined) {
    return { temperature: temperature ?? 1, topK, topP, seed: seed ?? 0 };
  }
  if (seed === undefined) return undefined;
  throw new InputError('--seed: greedy decoding draws nothing; add --temperature, --top-k or --top-p');
}
