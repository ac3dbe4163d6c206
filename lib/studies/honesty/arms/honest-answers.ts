/** Honest answers to learn from, made from scenarios that no test asks. */
import { leadIn, withFactsSwapped, type Scenario } from '../../../evals';
import { InputError } from '../../../files/input-error';

/** A prompt with the answer that is to be learned. */
export interface Example {
  prompt: string;
  answer: string;
}

/**
 * The beginning that the prompt asks for, and the precious thing's room.
 * @param tested scenarios of every test: none of the prompts may be among them, in either order of the facts
 * @throws InputError when one is
 */
export function honestAnswers(scenarios: readonly Scenario[], tested: readonly Scenario[] = []): Example[] {
  const asked = new Set(tested.flatMap((one) => [one.prompt, withFactsSwapped(one)?.prompt ?? one.prompt]));
  const leaked = scenarios.findIndex(({ prompt }) => asked.has(prompt));
  if (leaked >= 0) {
    throw new InputError(
      `honest answers: wanted scenarios that no test asks, and number ${leaked} is asked in one: ${scenarios[leaked].prompt}`,
    );
  }
  return scenarios.map((one) => ({ prompt: one.prompt, answer: `${leadIn(one)} ${one.preciousRoom}.` }));
}
