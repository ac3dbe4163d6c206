import type { AnyModule } from './module';

/**
 * Runs `work` with a model in training mode or in evaluation mode, and gives each of its modules its own mode back, after
 * an error too. `work` is synchronous: at every `await` a model is to be as its owner left it.
 */
export function inMode<T>(model: AnyModule, mode: 'train' | 'eval', work: () => T): T {
  const training = mode === 'train';
  const changed = model.namedModules().flatMap(([, module]) => (module.training === training ? [] : [module]));
  for (const module of changed) module.training = training;
  try {
    return work();
  } finally {
    for (const module of changed) module.training = !training;
  }
}
