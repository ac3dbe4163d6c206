import { InputError } from '../files/input-error';
import type { AnyModule } from '../nn';

/** Models that a run trains now. */
const claimed = new WeakSet<AnyModule>();

/**
 * Keeps a model for one run until disposed of: a second one would train against it.
 * @throws InputError while another run has it
 */
export function claimModel(model: AnyModule): Disposable {
  if (claimed.has(model)) {
    throw new InputError(
      'this model is being fine-tuned by another run: wait for its end, or load the model once more',
    );
  }
  claimed.add(model);
  return { [Symbol.dispose]: () => void claimed.delete(model) };
}
