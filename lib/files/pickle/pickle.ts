/**
 * Python's pickles, read without executing anything: only the opcodes that build numbers, text, lists, tuples, sets and
 * dicts are known, and every other one is refused by its name. This is the one way in for such files.
 */
import { InputError } from '../input-error';
import { decimalNumber, PickleBytes, PickleError, quotedText, rawUnicode, wholeNumber } from './pickle-bytes';
import { DATA_OPCODES, REFUSED_OPCODES, type DataOpcode } from './pickle-opcodes';
import { Container, settle, type Built, type Json } from './pickle-values';

const NEWEST_PROTOCOL = 5;
/** Of a file; each costs up to 200 bytes, and upstream's largest file makes 20 thousand. */
const MOST_VALUES = 2 ** 21;

/**
 * Parses a pickle of protocol 0 to 5; `name` stands before the message of every error.
 * @returns plain JSON: tuples and sets as lists, sets in the order of Python's `sorted`
 * @throws InputError with the offset of the byte and what stands there
 */
export function parsePickle(bytes: Uint8Array, name: string): Json {
  const machine = new Machine(new PickleBytes(bytes));
  try {
    return settle(machine.run());
  } catch (thrown) {
    if (thrown instanceof PickleError) throw new InputError(`${name}: ${machine.place}${thrown.message}`);
    throw thrown;
  }
}

/** The stack and the memo of Python's unpickler. */
class Machine {
  readonly #stack: Built[] = [];
  /** Heights of the stack at each MARK. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Built>();
  #made = 0;
  /** Where the running opcode stands, for messages. */
  place = '';

  constructor(private readonly bytes: PickleBytes) {}

  /** Runs to STOP. */
  run(): Built {
    for (;;) {
      const offset = this.bytes.offset;
      this.place = `byte ${offset}: `;
      if (this.bytes.left === 0) throw new PickleError('the file ends without STOP; truncated?');
      const code = this.bytes.uint8();
      const opcode = DATA_OPCODES[code];
      if (opcode === undefined) throw new PickleError(refusal(code, offset));
      this.place = `byte ${offset}: ${opcode} `;
      if (opcode === 'STOP') return this.#finish();
      STEPS[opcode](this, this.bytes);
    }
  }

  #finish(): Built {
    const value = this.pop();
    if (this.#stack.length > 0) throw new PickleError(`leaves ${this.#stack.length} values over`);
    if (this.bytes.left > 0) throw new PickleError(`is followed by ${this.bytes.left} more bytes`);
    this.place = '';
    return value;
  }

  push(value: Built): void {
    if (++this.#made > MOST_VALUES) throw new PickleError(`makes more than ${MOST_VALUES} values`);
    this.#stack.push(value);
  }

  pop(): Built {
    const value = this.#stack.length > (this.#marks.at(-1) ?? 0) ? this.#stack.pop() : undefined;
    if (value === undefined) throw new PickleError('finds no value on the stack');
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  popToMark(): Built[] {
    const height = this.#marks.pop();
    if (height === undefined) throw new PickleError('finds no MARK on the stack');
    return this.#stack.splice(height);
  }

  /** The container on top, which has to be of that kind. */
  top(kind: Container['kind']): Container {
    const value = this.#stack.length > (this.#marks.at(-1) ?? 0) ? this.#stack.at(-1) : undefined;
    if (!(value instanceof Container) || value.kind !== kind) throw new PickleError(`wants a ${kind} on the stack`);
    return value;
  }

  make(kind: Container['kind'], items: readonly Built[] = []): void {
    const container = new Container(kind);
    add(container, items);
    this.push(container);
  }

  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw new PickleError(`wants memo ${index}, which was not put`);
    this.push(value);
  }

  put(index = this.#memo.size): void {
    const value = this.pop();
    this.#stack.push(value);
    if (this.#memo.size >= MOST_VALUES) throw new PickleError(`puts more than ${MOST_VALUES} values`);
    this.#memo.set(index, value);
  }
}

function refusal(code: number, offset: number): string {
  const name = REFUSED_OPCODES[code];
  if (name !== undefined) return `${name} is refused: only numbers, text, lists, tuples, sets and dicts are read`;
  const hint = offset === 0 ? '; is this a pickle?' : '';
  return `0x${code.toString(16).padStart(2, '0')} is no opcode of a pickle${hint}`;
}

/** Without spreading: a list of a million items would not fit into a call's arguments. */
function add(container: Container, items: readonly Built[]): void {
  if (container.kind === 'dict' && items.length % 2 === 1) throw new PickleError('finds a key without its value');
  for (const item of items) container.items.push(item);
}

function tuple(machine: Machine, count: number): void {
  const items = Array.from({ length: count }, () => machine.pop()).reverse();
  machine.make('tuple', items);
}

/** INT spells True as 01 and False as 00. */
const intOrFlag = (line: string): number | boolean =>
  line === '00' || line === '01' ? line === '01' : wholeNumber(line);

type Step = (machine: Machine, bytes: PickleBytes) => void;

const STEPS: Readonly<Record<Exclude<DataOpcode, 'STOP'>, Step>> = {
  PROTO(_, bytes) {
    const protocol = bytes.uint8();
    if (protocol > NEWEST_PROTOCOL) throw new PickleError(`wanted protocol 0 to ${NEWEST_PROTOCOL}, got ${protocol}`);
  },
  FRAME(_, bytes) {
    const length = bytes.length64();
    if (length > bytes.left)
      throw new PickleError(`has ${length} bytes, and the file has ${bytes.left} more; truncated?`);
  },
  MARK: (machine) => machine.mark(),
  NONE: (machine) => machine.push(null),
  NEWTRUE: (machine) => machine.push(true),
  NEWFALSE: (machine) => machine.push(false),

  INT: (machine, bytes) => machine.push(intOrFlag(bytes.line())),
  BININT: (machine, bytes) => machine.push(bytes.int32()),
  BININT1: (machine, bytes) => machine.push(bytes.uint8()),
  BININT2: (machine, bytes) => machine.push(bytes.uint16()),
  LONG: (machine, bytes) => machine.push(wholeNumber(bytes.line())),
  LONG1: (machine, bytes) => machine.push(bytes.integer(bytes.uint8())),
  LONG4: (machine, bytes) => machine.push(bytes.integer(bytes.uint32())),
  FLOAT: (machine, bytes) => machine.push(decimalNumber(bytes.line())),
  BINFLOAT: (machine, bytes) => machine.push(bytes.float64()),

  STRING: (machine, bytes) => machine.push(quotedText(bytes.line())),
  BINSTRING: (machine, bytes) => machine.push(bytes.ascii(bytes.uint32())),
  SHORT_BINSTRING: (machine, bytes) => machine.push(bytes.ascii(bytes.uint8())),
  UNICODE: (machine, bytes) => machine.push(rawUnicode(bytes.line())),
  SHORT_BINUNICODE: (machine, bytes) => machine.push(bytes.text(bytes.uint8())),
  BINUNICODE: (machine, bytes) => machine.push(bytes.text(bytes.uint32())),
  BINUNICODE8: (machine, bytes) => machine.push(bytes.text(bytes.length64())),

  EMPTY_LIST: (machine) => machine.make('list'),
  LIST: (machine) => machine.make('list', machine.popToMark()),
  APPEND(machine) {
    const item = machine.pop();
    add(machine.top('list'), [item]);
  },
  APPENDS(machine) {
    const items = machine.popToMark();
    add(machine.top('list'), items);
  },
  EMPTY_TUPLE: (machine) => machine.make('tuple'),
  TUPLE: (machine) => machine.make('tuple', machine.popToMark()),
  TUPLE1: (machine) => tuple(machine, 1),
  TUPLE2: (machine) => tuple(machine, 2),
  TUPLE3: (machine) => tuple(machine, 3),
  EMPTY_DICT: (machine) => machine.make('dict'),
  DICT: (machine) => machine.make('dict', machine.popToMark()),
  SETITEM(machine) {
    const value = machine.pop();
    const key = machine.pop();
    add(machine.top('dict'), [key, value]);
  },
  SETITEMS(machine) {
    const items = machine.popToMark();
    add(machine.top('dict'), items);
  },
  EMPTY_SET: (machine) => machine.make('set'),
  ADDITEMS(machine) {
    const items = machine.popToMark();
    add(machine.top('set'), items);
  },
  FROZENSET: (machine) => machine.make('frozenset', machine.popToMark()),

  GET: (machine, bytes) => machine.get(wholeNumber(bytes.line())),
  BINGET: (machine, bytes) => machine.get(bytes.uint8()),
  LONG_BINGET: (machine, bytes) => machine.get(bytes.uint32()),
  PUT: (machine, bytes) => machine.put(wholeNumber(bytes.line())),
  BINPUT: (machine, bytes) => machine.put(bytes.uint8()),
  LONG_BINPUT: (machine, bytes) => machine.put(bytes.uint32()),
  MEMOIZE: (machine) => machine.put(),
};
