import { Linear, type AnyModule } from '../nn';
import { InputError, messageOf, shown } from '../checkpoints/input-error';
import { LoraLinear } from './lora-linear';

/**
 * Which modules get an adapter, as PEFT reads `target_modules`: a list of names (whole, or the end of a dotted name
 * after a dot), a regular expression that must match the whole dotted name, or `all-linear` (every Linear but the head).
 */
export type TargetModules = readonly string[] | string;

/**
 * The Linears a target names, with their dotted names, in the model's order.
 * @throws InputError when a target names nothing, or something that is no Linear.
 */
export function findTargets(model: AnyModule, targets: TargetModules): [string, Linear][] {
  const matches = matcher(targets);
  const found: [string, Linear][] = [];
  for (const [name, module] of model.namedModules()) {
    if (targets === 'all-linear' ? !(module instanceof Linear) || name === 'lm_head' : !matches(name)) continue;
    if (module instanceof LoraLinear) throw new InputError(`LoRA: ${name} already has an adapter; remove it first`);
    if (!(module instanceof Linear)) {
      throw new InputError(`LoRA: target_modules names ${name}, a ${module.kind}; only Linear can have an adapter`);
    }
    found.push([name, module]);
  }
  if (found.length === 0) {
    throw new InputError(`LoRA: target_modules ${shown(targets)} names no module; there are ${linearNames(model)}`);
  }
  return found;
}

function matcher(targets: TargetModules): (name: string) => boolean {
  if (typeof targets !== 'string') {
    return (name) => targets.some((target) => name === target || name.endsWith(`.${target}`));
  }
  try {
    const pattern = new RegExp(`^(?:${targets})$`, 'u');
    return (name) => pattern.test(name);
  } catch (thrown) {
    throw new InputError(`LoRA: target_modules is no regular expression: ${messageOf(thrown)}`);
  }
}

/** The different last parts of the Linears' names. */
function linearNames(model: AnyModule): string {
  const linears = model.namedModules().filter(([, module]) => module instanceof Linear);
  return [...new Set(linears.map(([name]) => name.split('.').at(-1)))].join(', ') || 'no Linear modules at all';
}
