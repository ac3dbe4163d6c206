import { Tensor } from '../torch';

/** Options of Adam and AdamW, PyTorch's defaults: lr 1e-3, betas [0.9, 0.999], eps 1e-8. */
export interface AdamOptions {
  /** Step size. */
  lr?: number;
  /** Decay rates of the running mean of the gradient and of its square. */
  betas?: readonly [number, number];
  /** Added to the denominator. */
  eps?: number;
  /** AdamW: 0.01 by default, taken off the weight itself; Adam: 0 by default, added to the gradient. */
  weightDecay?: number;
  /** Use the largest second moment seen so far (Reddi et al. 2018). */
  amsgrad?: boolean;
  /** Climb instead of descend. */
  maximize?: boolean;
}

/** Parameters that share options; options left out are the optimiser's. */
export interface GroupInput extends AdamOptions {
  params: Iterable<Tensor>;
}

/** What is remembered of one parameter. */
export interface Moments {
  /** Steps taken so far. */
  step: number;
  expAvg: Tensor;
  expAvgSq: Tensor;
  /** Only with amsgrad. */
  maxExpAvgSq?: Tensor;
}

/** A group as the optimiser holds it: every option is settable between steps. */
export type ParamGroup = Required<AdamOptions> & { readonly params: Tensor[] };

export function makeGroups(
  kind: string,
  input: Iterable<Tensor> | Iterable<GroupInput>,
  defaults: Required<AdamOptions>,
): ParamGroup[] {
  const entries: (Tensor | GroupInput)[] = [...input];
  const groups = entries.filter(isGroup);
  if (groups.length !== 0 && groups.length !== entries.length) {
    throw new TypeError(`${kind}: expected parameters or groups { params, lr, ... }, got both`);
  }
  const inputs: GroupInput[] = groups.length
    ? groups
    : [{ params: entries.filter((entry) => entry instanceof Tensor) }];
  const made = inputs.map((group) => makeGroup(kind, group, defaults));
  const all = made.flatMap((group) => group.params);
  if (all.length === 0) throw new RangeError(`${kind}: expected at least one parameter, got none`);
  if (new Set(all).size !== all.length) throw new RangeError(`${kind}: a parameter appears twice`);
  return made;
}

function isGroup(entry: Tensor | GroupInput): entry is GroupInput {
  return !(entry instanceof Tensor);
}

/** @throws TypeError when options hold something that has no meaning here, as a name of Python's */
export function refuseUnknown(kind: string, options: object, known: object): void {
  const unknown = Object.entries(options).find(([name, value]) => value !== undefined && !(name in known));
  if (!unknown) return;
  throw new TypeError(`${kind}: expected options ${Object.keys(known).join(', ')}, got ${unknown[0]}`);
}

function makeGroup(kind: string, input: GroupInput, defaults: Required<AdamOptions>): ParamGroup {
  const { params, ...given } = input;
  refuseUnknown(kind, given, defaults);
  const stated = Object.entries(given).filter(([, value]) => value !== undefined);
  const group: ParamGroup = { ...defaults, ...Object.fromEntries(stated), params: [...params] };
  checkOptions(kind, group);
  for (const parameter of group.params) {
    if (!parameter.isLeaf) throw new RangeError(`${kind}: expected leaves of the graph, got a computed tensor`);
  }
  return group;
}

function checkOptions(kind: string, options: Required<AdamOptions>): void {
  const check = (name: string, value: number, ok: boolean, wanted: string): void => {
    if (!ok) throw new RangeError(`${kind}: expected ${name} ${wanted}, got ${value}`);
  };
  check('lr', options.lr, options.lr >= 0, '>= 0');
  check('eps', options.eps, options.eps >= 0, '>= 0');
  check('weightDecay', options.weightDecay, options.weightDecay >= 0, '>= 0');
  if (options.betas.length !== 2) throw new RangeError(`${kind}: expected 2 betas, got ${options.betas.length}`);
  for (const beta of options.betas) check('betas', beta, beta >= 0 && beta < 1, 'in [0, 1)');
}
