/** What a training loop is handed to minimise. */
import { Tensor } from '../torch';

/** What is minimised, as a scalar with gradient; or the scalar with the parts it is made of, for the record. */
export type Loss<Batch> = (batch: Batch) => Tensor | LossParts;

export interface LossParts {
  total: Tensor;
  /** Scalars by name, before their weights. */
  parts: Readonly<Record<string, Tensor>>;
}

/** @throws TypeError where a loss returned neither */
export function partsOf(result: ReturnType<Loss<unknown>>): LossParts {
  if (result instanceof Tensor) return { total: result, parts: {} };
  if (result?.total instanceof Tensor) return result;
  const came = (result as unknown) instanceof Promise ? 'a promise' : typeof result;
  throw new TypeError(`the loss must return a tensor, or { total, parts }, and it returned ${came}`);
}
