import { callCommon, callSimple, NOT_COMMON } from './learnt-calls';
import { native } from './load-native';
import { isKeywords, overloadFunction, type OperatorFamily } from './operator-call';
import type { TorchFunctions } from './operators.generated';
import { camelCase } from './schema';
import { Tensor } from './tensor';

const names = native.operatorNames();

/** Overloads under one name: `add.Tensor` and `add.Scalar` under `add`. */
function families(): Map<string, OperatorFamily> {
  const found = new Map<string, OperatorFamily>();
  names.forEach((fullName, index) => {
    const name = camelCase(fullName.split('.')[0] ?? fullName);
    const family: OperatorFamily = found.get(name) ?? { name, indices: [], chosen: new Map(), learnt: new Map() };
    family.indices.push(index);
    found.set(name, family);
  });
  return found;
}

function methodOf(family: OperatorFamily) {
  return function (this: Tensor, ...args: unknown[]): unknown {
    if (args.length <= 2) {
      const result = callCommon(family, this, args.length, args[0], args[1], true);
      if (result !== NOT_COMMON) return result;
    }
    return callSimple(family, this, args);
  };
}

function functionOf(family: OperatorFamily) {
  return function (...args: unknown[]): unknown {
    const first = args[0];
    if (first instanceof Tensor && args.length <= 3) {
      const result = callCommon(family, first, args.length - 1, args[1], args[2], false);
      if (result !== NOT_COMMON) return result;
    }
    return callSimple(family, undefined, args);
  };
}

/** `requiresGrad` is no argument of libtorch's operators, and yet every maker of tensors takes it. */
function acceptRequiresGrad(name: string, make: (this: Tensor, ...args: unknown[]) => unknown) {
  if (!MAKERS.has(name)) return make;
  return function (this: Tensor, ...args: unknown[]): unknown {
    const options = args.at(-1);
    if (!isKeywords(options) || !('requiresGrad' in options)) return make.apply(this, args);
    const { requiresGrad, ...rest } = options;
    const made = make.apply(this, [...args.slice(0, -1), rest]) as Tensor;
    if (requiresGrad) made.requiresGrad = true;
    return made;
  };
}

/** Names of the operators that make a tensor of their own: their declarations show `requiresGrad`. */
export const MAKERS: ReadonlySet<string> = new Set([
  ...[
    'zeros',
    'ones',
    'full',
    'empty',
    'rand',
    'randn',
    'randint',
    'randperm',
    'arange',
    'linspace',
    'logspace',
    'eye',
  ],
  ...['zerosLike', 'onesLike', 'fullLike', 'emptyLike', 'randLike', 'randnLike', 'randintLike', 'scalarTensor'],
  ...['newZeros', 'newOnes', 'newFull', 'newEmpty', 'newEmptyStrided', 'emptyStrided', 'emptyPermuted', 'range'],
  ...['hannWindow', 'hammingWindow', 'bartlettWindow', 'blackmanWindow', 'kaiserWindow', 'normal', 'fromFile'],
  ...['sparseCooTensor', 'sparseCsrTensor', 'sparseCscTensor', 'sparseBsrTensor', 'sparseBscTensor'],
  'sparseCompressedTensor',
]);

/** Members that lib/torch/tensor.ts defines itself, operators of the same name notwithstanding. */
export const handwritten = new Set<string>();

/** Puts every operator on Tensor's prototype, where nothing of that name stands, and returns the free functions. */
export function installOperators(): TorchFunctions {
  const functions: Record<string, unknown> = {};
  const prototype = Tensor.prototype as unknown as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(prototype)) handwritten.add(name);
  for (const [name, family] of families()) {
    if (!handwritten.has(name)) {
      Object.defineProperty(prototype, name, {
        value: acceptRequiresGrad(name, methodOf(family)),
        writable: true,
        configurable: true,
      });
    }
    functions[name] = acceptRequiresGrad(name, functionOf(family));
  }
  return functions as unknown as TorchFunctions;
}

/** One overload by its full name in libtorch: `torch.op('add.Tensor')`. */
export function op(fullName: string): (...args: unknown[]) => unknown {
  const index = names.indexOf(fullName);
  if (index < 0) throw new RangeError(`op: libtorch has no operator aten::${fullName}`);
  return overloadFunction(index);
}

/** Every overload of the linked libtorch, with the reason where one cannot be called from JavaScript. */
export function operators(): { name: string; schema: string; problem: string | null }[] {
  return names.map((name, i) => ({ name, schema: native.operatorSchema(i), problem: native.operatorProblem(i) }));
}
