import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { InputError, shown } from '../files/input-error';
import { torch, Tensor } from '../torch';
import type { AdamOptions, Moments, ParamGroup } from './groups';

/**
 * An optimiser's state in two parts that a checkpoint can hold: tensors (for safetensors) named by the parameter's
 * place, `3.exp_avg`, and JSON for the rest.
 */
export interface OptimizerState {
  tensors: Map<string, Tensor>;
  meta: {
    kind: string;
    /** Each group's options and how many parameters it holds. */
    groups: (Required<AdamOptions> & { count: number })[];
    /** Steps taken, by the parameter's place over all groups. */
    steps: Record<string, number>;
  };
}

const number = z.number();
const metaSchema = z.object({
  kind: z.string(),
  groups: z.array(
    z.strictObject({
      lr: number,
      betas: z.tuple([number, number]),
      eps: number,
      weightDecay: number,
      amsgrad: z.boolean(),
      maximize: z.boolean(),
      count: z.int().min(0),
    }),
  ),
  steps: z.record(z.string(), z.int().min(0)),
});

/**
 * The rest of a state as a file has it, for an optimiser that was made with its own options: those of the file have to
 * be the same, but for the step size, which a schedule changes.
 * @param where leads the message
 * @throws InputError that names the option
 */
export function metaFromFile(given: unknown, groups: readonly ParamGroup[], where: string): OptimizerState['meta'] {
  const parsed = metaSchema.safeParse(given);
  if (!parsed.success) throw new InputError(`${where}: holds no state of an optimiser`);
  const { data: meta } = parsed;
  for (const [i, group] of meta.groups.entries()) {
    const own = groups[i] as ParamGroup | undefined;
    for (const name of ['betas', 'eps', 'weightDecay', 'amsgrad', 'maximize'] as const) {
      if (own === undefined || isDeepStrictEqual(group[name], own[name])) continue;
      throw new InputError(`${where}: the optimiser's ${name} is ${shown(group[name])}, wanted ${shown(own[name])}`);
    }
  }
  return meta;
}

const FIELDS = { exp_avg: 'expAvg', exp_avg_sq: 'expAvgSq', max_exp_avg_sq: 'maxExpAvgSq' } as const;

export function packState(kind: string, groups: ParamGroup[], moments: Map<Tensor, Moments>): OptimizerState {
  const tensors = new Map<string, Tensor>();
  const steps: Record<string, number> = {};
  groups
    .flatMap((group) => group.params)
    .forEach((parameter, place) => {
      const known = moments.get(parameter);
      if (!known) return;
      steps[place] = known.step;
      for (const [name, field] of Object.entries(FIELDS)) {
        const tensor = known[field];
        if (tensor) tensors.set(`${place}.${name}`, tensor);
      }
    });
  const described = groups.map(({ params, ...options }) => ({ ...options, count: params.length }));
  return { tensors, meta: { kind, groups: described, steps } };
}

export function unpackState(
  kind: string,
  state: OptimizerState,
  groups: ParamGroup[],
  moments: Map<Tensor, Moments>,
): void {
  const { meta, tensors } = state;
  if (meta.kind !== kind) throw new Error(`${kind}.loadStateDict: expected the state of ${kind}, got ${meta.kind}`);
  const [wanted, got] = [groups.map((group) => group.params.length), meta.groups.map((group) => group.count)];
  if (String(wanted) !== String(got)) {
    throw new Error(`${kind}.loadStateDict: expected groups of [${wanted}] parameters, got [${got}]`);
  }
  const loaded = readMoments(kind, tensors, meta.steps, groups);
  meta.groups.forEach(({ count: _, ...options }, i) => Object.assign(groups[i], options));
  for (const { expAvg, expAvgSq, maxExpAvgSq } of moments.values()) {
    for (const tensor of [expAvg, expAvgSq, maxExpAvgSq]) tensor?.dispose();
  }
  moments.clear();
  for (const [parameter, value] of loaded) moments.set(parameter, value);
}

function readMoments(
  kind: string,
  tensors: Map<string, Tensor>,
  steps: Record<string, number>,
  groups: ParamGroup[],
): Map<Tensor, Moments> {
  const loaded = new Map<Tensor, Moments>();
  const params = groups.flatMap((group) => group.params);
  for (const [place, step] of Object.entries(steps)) {
    const parameter = params[Number(place)];
    if (!parameter) throw new Error(`${kind}.loadStateDict: expected ${params.length} parameters, got number ${place}`);
    const read = (name: string): Tensor => {
      const tensor = tensors.get(`${place}.${name}`);
      if (!tensor) throw new Error(`${kind}.loadStateDict: ${place}.${name} is missing`);
      return ownCopy(kind, `${place}.${name}`, tensor, parameter);
    };
    const moments: Moments = { step, expAvg: read('exp_avg'), expAvgSq: read('exp_avg_sq') };
    if (tensors.has(`${place}.max_exp_avg_sq`)) moments.maxExpAvgSq = read('max_exp_avg_sq');
    loaded.set(parameter, moments);
  }
  return loaded;
}

// A copy, so that two optimisers loaded from one state do not move each other's moments.
function ownCopy(kind: string, name: string, tensor: Tensor, parameter: Tensor): Tensor {
  const [wanted, got] = [parameter.shape.join(', '), tensor.shape.join(', ')];
  if (wanted !== got) throw new Error(`${kind}.loadStateDict: ${name} wants [${wanted}], got [${got}]`);
  return torch.scope(() => torch.noGrad(() => torch.zerosLike(parameter).copy_(tensor))).keep();
}
