/** Weights of four bits in files, under bitsandbytes' names. */
import { z } from 'zod';
import { isDType, torch, type Tensor } from '../../torch';
import { NESTED_BLOCK } from '../../torch/nf4-blocks';
import { NF4_VALUES, type FourBitWeight } from '../../nn/four-bit';
import { FOUR_BIT_NAMES } from '../../nn/linear4bit';
import { InputError, quoted, shown } from '../../files/input-error';
import { checkShape, parseJson } from '../../files/json-file';
import type { Weights } from '../../checkpoints/sharded';

/** What {@link FOUR_BIT_NAMES} put behind `weight`. */
const endings = Object.values(FOUR_BIT_NAMES).map((name) => name.slice('weight'.length));
const STATE_ENDING = FOUR_BIT_NAMES.state.slice('weight'.length);

/** Whether that name is a piece of a weight of four bits, beside its codes. */
export const isPiece = (name: string): boolean => endings.some((ending) => name.endsWith(ending));

/** Whether the files hold that weight in four bits. */
export const isFourBit = (names: ReadonlySet<string>, name: string): boolean => names.has(name + STATE_ENDING);

const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${shown(issue.input)}`,
});
const size = z.int(wanted('a whole number')).min(1, wanted('1 or more'));
const stateSchema = z.looseObject(
  {
    quant_type: z.literal('nf4', wanted('"nf4"')),
    blocksize: size,
    dtype: z.enum(['float32', 'float16', 'bfloat16'], wanted('float32, float16 or bfloat16')),
    shape: z.tuple([size, size], wanted('[out, in]')),
    nested_blocksize: z.literal(NESTED_BLOCK, wanted(String(NESTED_BLOCK))).optional(),
    nested_offset: z.number(wanted('a number')).optional(),
  },
  wanted('an object'),
);
type State = z.output<typeof stateSchema>;

/** A state is a line of JSON; a damaged length must not ask for the whole memory. */
const LONGEST_STATE = 65536;

function stateOf(weights: Weights, name: string): State {
  const stored = weights.info(name + STATE_ENDING);
  const where = `${weights.fileOf(name)}: tensor ${quoted(stored.name)}`;
  if (stored.dtype !== 'uint8' || stored.end - stored.begin > LONGEST_STATE)
    throw new InputError(`${where} must be uint8 with a line of JSON, got ${stored.dtype} of ${stored.end - stored.begin} bytes`); // prettier-ignore
  const bytes = torch.scope(() => weights.tensor(stored.name).toTypedArray() as Uint8Array);
  return checkShape(stateSchema, parseJson(Buffer.from(bytes).toString('utf8'), where), where);
}

/** Shape and dtype of what the codes stand for. */
export function fourBitInfo(weights: Weights, name: string): Pick<FourBitWeight, 'shape' | 'dtype'> {
  const { shape, dtype } = stateOf(weights, name);
  return { shape, dtype };
}

/**
 * The tensors of a weight, in the mapped file as long as no one moves them.
 * @throws InputError that names the piece that is missing or does not fit
 */
export function readFourBit(weights: Weights, name: string): FourBitWeight {
  const state = stateOf(weights, name);
  const { shape, dtype, blocksize: blockSize, nested_offset: offset } = state;
  const count = shape[0] * shape[1];
  const blocks = Math.ceil(count / blockSize);
  const piece = (own: string, type: string, length: number): Tensor => {
    const full = name.slice(0, -'weight'.length) + own;
    const { dtype: found, shape: sizes } = weights.info(full);
    const where = `${weights.fileOf(full)}: tensor ${quoted(full)}`;
    const numbers = sizes.reduce((product, each) => product * each, 1);
    if (found !== type || numbers !== length)
      throw new InputError(`${where} is ${found} [${sizes.join(', ')}], but must be ${type} of ${length}`);
    return weights.tensor(full).reshape([-1]);
  };
  requireValues(piece(FOUR_BIT_NAMES.map, 'float32', 16), name);
  const codes = readCodes(weights, name, Math.ceil(count / 2));
  if (state.nested_blocksize === undefined || offset === undefined)
    return { shape, dtype, blockSize, codes, absmax: piece(FOUR_BIT_NAMES.absmax, 'float32', blocks), nested: null };
  const nested = {
    absmax: piece(FOUR_BIT_NAMES.nestedAbsmax, 'float32', Math.ceil(blocks / NESTED_BLOCK)),
    map: piece(FOUR_BIT_NAMES.nestedMap, 'float32', 256),
    offset,
  };
  return { shape, dtype, blockSize, codes, absmax: piece(FOUR_BIT_NAMES.absmax, 'uint8', blocks), nested };
}

/** The codes' bytes may be stored as numbers of another dtype (`bnb_4bit_quant_storage`). */
function readCodes(weights: Weights, name: string, bytes: number): Tensor {
  const { begin, end, dtype } = weights.info(name);
  if (end - begin !== bytes) {
    throw new InputError(`${weights.fileOf(name)}: tensor ${quoted(name)} has ${end - begin} bytes, but its quant_state makes it ${bytes}`); // prettier-ignore
  }
  const stored = weights.tensor(name);
  return (dtype === 'uint8' ? stored : stored.reshape([-1]).view('uint8')).reshape([bytes, 1]);
}

function requireValues(map: Tensor, name: string): void {
  const values = map.toArray() as number[];
  if (values.every((value, i) => value === NF4_VALUES[i])) return;
  throw new InputError(`tensor ${quoted(name)}: its quant_map holds other values than NF4's`);
}

/** Whether a dtype is one that weights can be quantised from. */
export const isQuantisable = (dtype: string): boolean =>
  isDType(dtype) && ['float32', 'bfloat16', 'float16'].includes(dtype);
