/** How GGUF files keep the numbers of a tensor: ggml's types, each in blocks. */

export interface GgmlType {
  name: string;
  /** Numbers and bytes of a block. */
  values: number;
  bytes: number;
  /** `block`: dequantised; else numbers that lie there as they are. */
  stored: 'float32' | 'float16' | 'bfloat16' | 'block';
}

const block = (name: string, values: number, bytes: number): GgmlType => ({ name, values, bytes, stored: 'block' });

/** By their number in files: those that are read. */
export const GGML_TYPES: ReadonlyMap<number, GgmlType> = new Map([
  [0, { name: 'F32', values: 1, bytes: 4, stored: 'float32' }],
  [1, { name: 'F16', values: 1, bytes: 2, stored: 'float16' }],
  [2, block('Q4_0', 32, 18)],
  [3, block('Q4_1', 32, 20)],
  [6, block('Q5_0', 32, 22)],
  [7, block('Q5_1', 32, 24)],
  [8, block('Q8_0', 32, 34)],
  [10, block('Q2_K', 256, 84)],
  [11, block('Q3_K', 256, 110)],
  [12, block('Q4_K', 256, 144)],
  [13, block('Q5_K', 256, 176)],
  [14, block('Q6_K', 256, 210)],
  [20, block('IQ4_NL', 32, 18)],
  [23, block('IQ4_XS', 256, 136)],
  [30, { name: 'BF16', values: 1, bytes: 2, stored: 'bfloat16' }],
  [39, block('MXFP4', 32, 17)],
]);

/** Those that are not read, so that they can be refused by name. */
const OTHERS: Readonly<Partial<Record<number, string>>> = {
  4: 'Q4_2',
  5: 'Q4_3',
  9: 'Q8_1',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  21: 'IQ3_S',
  22: 'IQ2_S',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  31: 'Q4_0_4_4',
  32: 'Q4_0_4_8',
  33: 'Q4_0_8_8',
  34: 'TQ1_0',
  35: 'TQ2_0',
  40: 'NVFP4',
  41: 'Q1_0',
};

/** A type's name for a message. */
export const typeName = (type: number): string => GGML_TYPES.get(type)?.name ?? OTHERS[type] ?? `number ${type}`;

export const readableTypes = (): string => [...GGML_TYPES.values()].map(({ name }) => name).join(', ');
