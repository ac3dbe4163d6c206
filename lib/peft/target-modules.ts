import { Embedding, Linear, Linear4bit, type AnyModule } from '../nn';
import { InputError, shown } from '../files/input-error';
import { LoraEmbedding } from './lora-embedding';
import { LoraLayer } from './lora-layer';
import { LoraLinear } from './lora-linear';
import { pythonPattern } from './python-pattern';

/**
 * Which modules get an adapter, as PEFT reads `target_modules`: a list of names (whole, or the end of a dotted name
 * after a dot), a regular expression that must match the whole dotted name, or `all-linear` (every Linear but the head).
 */
export type TargetModules = readonly string[] | string;

/** The settings of PEFT that choose modules. */
export interface TargetChoice {
  targetModules: TargetModules;
  /** Names as in a list of `targetModules`, or a regular expression: what matches gets no adapter. */
  excludeModules?: readonly string[] | string;
  /** Indices of the layers to which a list of names is held; a name given whole counts in every layer. */
  layersToTransform?: readonly number[] | number;
  /** Name, or regular expression, of what holds the layers; by default the first number in a dotted name is the layer. */
  layersPattern?: readonly string[] | string;
}

const HEAD = 'lm_head';

/**
 * The Linears and Embeddings that are chosen, wrapped already or not, with their dotted names, in the model's order.
 * @throws InputError when the targets name nothing, or something else, or when another setting leaves none of them
 */
export function findTargets(model: AnyModule, choice: TargetChoice): [string, Targetable][] {
  const { excludeModules } = choice;
  const isTarget = targetMatcher(choice);
  const isExcluded = excludeModules?.length ? nameMatcher(excludeModules, 'exclude_modules') : () => false;
  const found: [string, Targetable][] = [];
  for (const [name, module] of targetable(model)) {
    // The model itself has no name, and is no target whatever matches that.
    if (name === '' || !isTarget(name, module) || isExcluded(name)) continue;
    if (!isTargetable(module)) {
      throw new InputError(
        `LoRA: target_modules names ${name}, a ${module.kind}; only Linear and Embedding can have an adapter`,
      );
    }
    found.push([name, module]);
  }
  if (found.length === 0) throw nothingFound(model, choice);
  return found;
}

/** Says which setting is at fault: the targets themselves, or one that leaves nothing of them. */
function nothingFound(model: AnyModule, { targetModules: targets, ...choice }: TargetChoice): InputError {
  const named = (further: Partial<TargetChoice>): boolean => {
    const isTarget = targetMatcher({ targetModules: targets, ...further });
    return targetable(model).some(([name, module]) => name !== '' && isTarget(name, module));
  };
  const { excludeModules, layersToTransform, layersPattern } = choice;
  if (!named({})) {
    const list = typeof targets === 'string' && /[\s,]/.test(targets) ? ', taken for a regular expression,' : '';
    return new InputError(
      `LoRA: target_modules ${shown(targets)}${list} names no module; there are ${linearNames(model)}`,
    );
  }
  if (layersToTransform !== undefined && !named({ layersToTransform, layersPattern })) {
    const pattern = layersPattern?.length ? ` with layers_pattern ${shown(layersPattern)}` : '';
    return new InputError(
      `LoRA: layers_to_transform ${shown(layersToTransform)}${pattern} leaves none of target_modules`,
    );
  }
  return new InputError(
    `LoRA: exclude_modules ${shown(excludeModules)} leaves none of target_modules ${shown(targets)}`,
  );
}

/** What can have an adapter, wrapped already or not. */
export type Targetable = Linear | Linear4bit | Embedding | LoraLinear | LoraEmbedding;

/** The module itself, without the wrapper. */
export const baseOf = (module: Targetable): Linear | Linear4bit | Embedding =>
  module instanceof LoraLinear || module instanceof LoraEmbedding ? module.baseLayer : module;

const isLinear = (module: AnyModule): module is Linear | Linear4bit | LoraLinear =>
  module instanceof Linear || module instanceof Linear4bit || module instanceof LoraLinear;

const isTargetable = (module: AnyModule): module is Targetable =>
  isLinear(module) || module instanceof Embedding || module instanceof LoraEmbedding;

/** Every module but those inside a wrapped layer. */
function targetable(model: AnyModule): [string, AnyModule][] {
  let wrapped: string | undefined;
  return model.namedModules().filter(([name, module]) => {
    if (wrapped !== undefined && name.startsWith(`${wrapped}.`)) return false;
    if (module instanceof LoraLayer) wrapped = name;
    return true;
  });
}

function targetMatcher(choice: TargetChoice): (name: string, module: AnyModule) => boolean {
  const { targetModules: targets, layersPattern } = choice;
  const layers = choice.layersToTransform === undefined ? [] : [choice.layersToTransform].flat();
  if (layersPattern?.length && choice.layersToTransform === undefined) {
    throw new InputError('LoRA: layers_pattern wants layers_to_transform beside it');
  }
  if (typeof targets !== 'string') {
    const isNamed = nameMatcher(targets, 'target_modules');
    const isInLayer = layerMatcher(layers, [layersPattern ?? []].flat());
    return (name) => isNamed(name) && (targets.includes(name) || isInLayer(name));
  }
  if (choice.layersToTransform !== undefined) {
    throw new InputError('LoRA: layers_to_transform wants target_modules to be a list of names');
  }
  if (targets.toLowerCase() === 'all-linear') return (name, module) => isLinear(module) && name !== HEAD;
  return nameMatcher(targets, 'target_modules');
}

function nameMatcher(names: readonly string[] | string, setting: string): (name: string) => boolean {
  if (typeof names !== 'string') return (name) => names.some((one) => name === one || name.endsWith(`.${one}`));
  const pattern = wholePattern(names, `LoRA: ${setting}`);
  return (name) => pattern.test(name);
}

function wholePattern(source: string, where: string): RegExp {
  pythonPattern(source, where); // by itself first: a bracket too many must not pair with those put around it
  return pythonPattern(`^(?:${source})$`, where);
}

function layerMatcher(layers: readonly number[], holders: readonly string[]): (name: string) => boolean {
  if (layers.length === 0) return () => true;
  const sources = holders.length === 0 ? ['^.*?\\.[^.]*\\.(?P<layer>\\d+)\\.'] : holders.map((holder) => `^(?:^|.*?\\.)${holder}\\.(?P<layer>\\d+)\\.`); // prettier-ignore
  const patterns = sources.map((source) => pythonPattern(source, 'LoRA: layers_pattern'));
  return (name) => {
    const found = patterns.map((pattern) => pattern.exec(name)).find((match) => match !== null);
    return found !== undefined && layers.includes(Number(found.groups?.layer));
  };
}

/** The first of the patterns that matches the end of a module's name behind a dot, as PEFT's `get_pattern_key` finds it. */
export function patternFinder(patterns: readonly string[], setting: string): (name: string) => string | undefined {
  const compiled = patterns.map((pattern) => {
    const where = `LoRA: ${setting} ${shown(pattern)}`;
    pythonPattern(pattern, where);
    return [pattern, pythonPattern(`^(.*\\.)?(${pattern})$`, where)] as const;
  });
  return (name) => compiled.find(([, expression]) => expression.test(name))?.[0];
}

/** The different last parts of the Linears' names. */
function linearNames(model: AnyModule): string {
  const linears = targetable(model).filter(([, module]) => isLinear(module));
  return [...new Set(linears.map(([name]) => name.split('.').at(-1)))].join(', ') || 'no Linear modules at all';
}
