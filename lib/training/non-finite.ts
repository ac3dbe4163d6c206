/** Where a NaN or an infinity first appears in a forward pass. */
import { torch, Tensor } from '../torch';
import type { AnyModule } from '../nn';

/** Thrown by a hook once the module is found. */
class Found extends Error {}

/**
 * Runs `work` again without gradients and tells the first module, in the order of computing, whose output is not finite.
 * @returns a clause for a message, or undefined when every module's output is finite
 */
export function firstNonFinite(model: AnyModule, work: () => unknown): string | undefined {
  let found: string | undefined;
  const hooks = model.namedModules().map(([name, module]) =>
    module.registerForwardHook((_module, _args, output) => {
      if (!(output instanceof Tensor) || isFinite(output)) return;
      found = `the first module whose output is not finite is ${name || 'the model itself'}`;
      throw new Found();
    }),
  );
  try {
    torch.scope(() => torch.noGrad(work));
  } catch (thrown) {
    if (!(thrown instanceof Found)) throw thrown;
  } finally {
    for (const hook of hooks) hook.remove();
  }
  return found;
}

const isFinite = (output: Tensor): boolean => torch.scope(() => output.isfinite().all().item<boolean>());
