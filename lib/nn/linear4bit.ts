import { autocastDtype, nf4Linear, torch, type Tensor } from '../torch';
import { NESTED_BLOCK, NF4_BLOCK } from '../torch/nf4-blocks';
import { dequantise, NF4_VALUES, type FourBitWeight } from './four-bit';
import { Module } from './module';
import { Parameter } from './parameter';
import { shapeText } from './state';

/** What bitsandbytes' files add to the name of a weight. */
export const FOUR_BIT_NAMES = {
  absmax: 'weight.absmax',
  map: 'weight.quant_map',
  nestedAbsmax: 'weight.nested_absmax',
  nestedMap: 'weight.nested_quant_map',
  state: 'weight.quant_state.bitsandbytes__nf4',
} as const;

/**
 * y = x Wᵀ + b with a frozen weight of four bits (NF4): the gradient flows to the input. Parameters and buffers have the
 * names that bitsandbytes' `Linear4bit` saves, so that a state dict is what its files hold.
 */
export class Linear4bit extends Module {
  /** The codes, uint8 [ceil(out * in / 2), 1]. Never trained. */
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly #about: Pick<FourBitWeight, 'shape' | 'dtype' | 'blockSize'>;
  readonly #offset: number | null;

  /** Takes the weight's tensors over. */
  constructor(weight: FourBitWeight, bias: Tensor | null = null) {
    super();
    const { shape, dtype, blockSize, codes, absmax, nested } = weight;
    [this.outFeatures, this.inFeatures] = shape;
    this.#about = { shape, dtype, blockSize };
    this.#offset = nested && nested.offset;
    this.weight = new Parameter(codes, false);
    this.bias = bias && new Parameter(bias, false);
    const { device } = codes;
    const add = (name: string, tensor: Tensor): unknown => this.registerBuffer(name, tensor, { anyDtype: true });
    add(FOUR_BIT_NAMES.absmax, absmax);
    add(FOUR_BIT_NAMES.map, torch.tensor([...NF4_VALUES], { dtype: 'float32', device }));
    if (nested) {
      add(FOUR_BIT_NAMES.nestedAbsmax, nested.absmax);
      add(FOUR_BIT_NAMES.nestedMap, nested.map);
    }
    add(FOUR_BIT_NAMES.state, torch.tensor(Buffer.from(stateText(weight)), { dtype: 'uint8', device }));
  }

  /** The live tensors: who holds them beyond a call keeps the layer alive. */
  get fourBit(): FourBitWeight {
    const of = (name: string): Tensor => Reflect.get(this, name) as Tensor;
    const offset = this.#offset;
    const nested =
      offset === null ? null : { offset, absmax: of(FOUR_BIT_NAMES.nestedAbsmax), map: of(FOUR_BIT_NAMES.nestedMap) };
    return { ...this.#about, codes: this.weight, absmax: of(FOUR_BIT_NAMES.absmax), nested };
  }

  /** @param input [..., inFeatures] to [..., outFeatures], in the input's dtype, or autocast's */
  forward(input: Tensor): Tensor {
    if (input.shape.at(-1) !== this.inFeatures) {
      throw new RangeError(`Linear4bit: expected last dimension ${this.inFeatures}, got ${shapeText(input.shape)}`);
    }
    const weight = this.fourBit;
    const half = autocastDtype(input.device);
    const given = half ? input.to(half) : input;
    const output = (weight.blockSize === NF4_BLOCK ? nf4Linear(given, weight) : null) ?? byOperators(given, weight);
    return this.bias ? output.add(this.bias.to(output.dtype)) : output;
  }
}

/** The weight becomes numbers in each pass anew: kept for the gradient, those of all layers would fill the memory. */
function byOperators(input: Tensor, weight: FourBitWeight): Tensor {
  const numbers = (): Tensor => dequantise(weight, input.dtype === 'float64' ? 'float32' : input.dtype).to(input.dtype);
  const linear = torch.customFunction({
    name: 'Linear4bit',
    forward: (_, x: Tensor) => torch.scope(() => torch.linear(x, numbers())),
    backward: (_, grad: Tensor) => torch.scope(() => grad.matmul(numbers())),
  });
  return torch.isGradEnabled() && input.requiresGrad
    ? linear(input)
    : torch.scope(() => torch.linear(input, numbers()));
}

/** What bitsandbytes writes beside the tensors, letter by letter as Python's json does. */
function stateText({ dtype, shape, blockSize, nested }: FourBitWeight): string {
  const fields = [
    '"quant_type": "nf4"',
    `"blocksize": ${blockSize}`,
    `"dtype": "${dtype}"`,
    `"shape": [${shape.join(', ')}]`,
  ];
  if (nested) {
    fields.push(
      `"nested_blocksize": ${NESTED_BLOCK}`,
      '"nested_dtype": "float32"',
      `"nested_offset": ${pythonFloat(nested.offset)}`,
    );
  }
  return `{${fields.join(', ')}}`;
}

/** A whole number would be read as an int. */
const pythonFloat = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));
