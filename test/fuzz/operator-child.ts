import { openSync, writeSync } from 'node:fs';
import '../../lib/torch';
import { native } from '../../lib/torch/load-native';
import { parseSchema, type Schema } from '../../lib/torch/schema';
import { seeded } from './edits';
import { argumentsFor, operator, shown, valueMaker } from './operator-values';
import { RecordedCalls } from './recorded-calls';

// Calls operators with random arguments; operators.test.ts starts it, for a bad call may end the process.
//
//   operator-child.ts <file for the place> <seed> <calls of each> <operators, a pattern> <first operator> <first call> [show]

const [, , placeFile = '', seed = '', calls = '', pattern = '', first = '0', firstCall = '0', show] = process.argv;

const place = openSync(placeFile, 'w');
const all = native.operatorNames().map((name, index) => ({ name, index }));
const callable = all.filter(
  ({ name, index }) => native.operatorProblem(index) === null && new RegExp(pattern).test(name),
);
const generator = native.makeGenerator('cpu', 1);
const recorded = new RecordedCalls(native);
const onesLike = operator(native, 'ones_like');
const BYTES: Record<string, number> = { bool: 1, complex32: 4, complex64: 8, complex128: 16 };

function hash(text: string): number {
  let value = 2166136261;
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 16777619);
  return value >>> 0;
}

/** Reads the tensors that came back and follows them back through the graph, as callers do. */
function use(schema: Schema, result: unknown): void {
  [result].flat().forEach((each, i) => {
    const returned = schema.returns[i] ?? schema.returns[0];
    if (returned?.base !== 'Tensor' || returned.written !== null || typeof each !== 'number') return;
    if (native.device(each) !== 'cpu' || native.layout(each) !== 'strided' || native.numel(each) > 1e6) return;
    const dtype = native.dtype(each);
    const bytes = BYTES[dtype] ?? Number(/\d+/.exec(dtype)?.[0]) / 8;
    native.copyBytes(each, new Uint8Array(native.numel(each) * bytes));
    if (native.requiresGrad(each))
      native.backward(Float64Array.of(each), Float64Array.of(onesLike(each) as number), undefined, false);
  });
}

/** Of libtorch's own generator. */
const randomState = (): string => {
  const bytes = new Uint8Array(5056);
  native.copyBytes(native.rngState('cpu'), bytes);
  return Buffer.from(bytes).toString('latin1');
};

let answered = 0;
let refused = 0;
/** Operators that drew, in their gradient perhaps, though they are not among those that do: others' numbers would change. */
const undeclared = new Set<string>();

function call(name: string, index: number, schema: Schema, which: number): void {
  const random = seeded(hash(`${seed} ${name} ${which}`));
  const maker = valueMaker(native, random, generator);
  const level = native.enterScope();
  try {
    const values = (which % 2 === 1 ? recorded.changed(maker, schema) : null) ?? argumentsFor(maker, schema);
    if (show !== undefined) process.stdout.write(`\n${shown(native, schema, values)}\n`);
    const before = native.operatorDraws(index) ? undefined : randomState();
    use(schema, native.operatorFunction(index)(...values));
    if (before !== undefined && randomState() !== before) undeclared.add(name);
    answered += 1;
  } catch (error) {
    refused += 1;
    if (!(error instanceof Error) || /[\r\n]/.test(error.message)) throw error;
  } finally {
    native.leaveScope(level, null);
    native.setGradEnabled(true);
  }
}

native.setNumThreads(1);
for (let at = Number(first); at < callable.length; at++) {
  const { name, index } = callable[at];
  const schema = parseSchema(native.operatorSchema(index));
  for (let which = at === Number(first) ? Number(firstCall) : 0; which < Number(calls); which++) {
    writeSync(place, `${at} ${which} ${name}`.padEnd(160), 0);
    call(name, index, schema, which);
  }
}
process.stdout.write(
  `\n${JSON.stringify({ callable: callable.length, listed: all.length, answered, refused, undeclared: [...undeclared] })}`,
);
