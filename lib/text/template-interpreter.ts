/**
 * The Jinja library's interpreter with what chat templates meet in Python and the library has otherwise: loop controls
 * that keep what was written, comparisons that do not convert, and Python's methods and texts of values.
 */
import { Environment, Interpreter, Template } from '@huggingface/jinja';
import { isEqual, stringMethods, textOf, type Value } from './python-values';

interface Node {
  type: string;
}
interface Loop extends Node {
  body: readonly Node[];
  defaultBlock: readonly Node[];
}
interface Member extends Node {
  object: Node;
  property: Node & { value?: unknown };
  computed: boolean;
}
interface Binary extends Node {
  left: Node;
  right: Node;
  operator: { value: string };
}

/** The library's interpreter, with the methods that it calls itself by: declared private, and the only way in. */
const Library = Interpreter as unknown as new (environment: Environment) => {
  run(program: Node): Value;
  evaluate(node: Node | undefined, environment: Environment): Value;
  evaluateBlock(statements: readonly Node[], environment: Environment): Value;
  evaluateFor(loop: Loop, environment: Environment): Value;
  evaluateBinaryExpression(node: Binary, environment: Environment): Value;
  evaluateMemberExpression(node: Member, environment: Environment): Value;
  applyFilter(operand: Value, filter: Node & { value?: unknown }, environment: Environment): Value;
};

/** The library does not hand out its classes of values, but makes them. */
const valueOf = (plain: unknown): Value => new Environment().set('value', plain) as Value;

/** Statements whose value is no text. */
const SILENT = new Set(['Set', 'Macro', 'Comment']);

/** `break` or `continue` on its way to the loop, with what was written since the round began. */
class LoopControl extends Error {
  constructor(
    readonly ends: boolean,
    readonly written: string,
  ) {
    super('a loop control outside a loop');
  }
}

export class TemplateInterpreter extends Library {
  readonly #loops: { body: readonly Node[]; isOver: boolean; rounds: number; cutShort: number }[] = [];

  override evaluate(node: Node | undefined, environment: Environment): Value {
    if (node?.type === 'Break') throw new LoopControl(true, '');
    if (node?.type === 'Continue') throw new LoopControl(false, '');
    return super.evaluate(node, environment);
  }

  override evaluateFor(loop: Loop, environment: Environment): Value {
    const state = { body: loop.body, isOver: false, rounds: 0, cutShort: 0 };
    this.#loops.push(state);
    let value: Value;
    try {
      value = super.evaluateFor(loop, environment);
    } finally {
      this.#loops.pop();
    }
    // As in Python, `else` is for loops of which no round came to its end.
    if (state.rounds === 0 || state.cutShort < state.rounds) return value;
    return valueOf(textOf(value) + textOf(this.evaluateBlock(loop.defaultBlock, environment)));
  }

  /** What a round of a loop has written before `break` or `continue` stays. */
  override evaluateBlock(statements: readonly Node[], environment: Environment): Value {
    const loop = this.#loops.at(-1);
    const isRound = loop?.body === statements;
    if (isRound && loop.isOver) return valueOf('');
    if (isRound) loop.rounds++;
    let written = '';
    for (const statement of statements) {
      try {
        const value = this.evaluate(statement, environment);
        if (!SILENT.has(statement.type)) written += textOf(value);
      } catch (thrown) {
        if (!(thrown instanceof LoopControl)) throw thrown;
        written += thrown.written;
        if (!isRound) throw new LoopControl(thrown.ends, written);
        loop.isOver = thrown.ends;
        loop.cutShort++;
        break;
      }
    }
    return valueOf(written);
  }

  override evaluateBinaryExpression(node: Binary, environment: Environment): Value {
    const operator = node.operator.value;
    if (operator !== '==' && operator !== '!=' && operator !== '~')
      return super.evaluateBinaryExpression(node, environment);
    const [left, right] = [node.left, node.right].map((side) => this.evaluate(side, environment));
    if (operator === '~') return valueOf(textOf(left) + textOf(right));
    return valueOf(isEqual(left, right) === (operator === '=='));
  }

  override evaluateMemberExpression(node: Member, environment: Environment): Value {
    const method = node.computed ? undefined : stringMethods[String(node.property.value)];
    const object = method && this.evaluate(node.object, environment);
    if (object?.type !== 'StringValue') return super.evaluateMemberExpression(node, environment);
    return valueOf((characters?: string | null) => method?.(object.value as string, characters));
  }

  override applyFilter(operand: Value, filter: Node & { value?: unknown }, environment: Environment): Value {
    const name = filter.type === 'Identifier' ? String(filter.value) : '';
    const method = stringMethods[name === 'trim' ? 'strip' : name];
    if (method && operand.type === 'StringValue') return valueOf(method(operand.value as string));
    return super.applyFilter(operand, filter, environment);
  }
}

/** What the library puts into every template; it hands it out to nobody but the interpreter. */
export const libraryGlobals = ((): Environment => {
  const found: Environment[] = [];
  const { run } = Interpreter.prototype;
  Interpreter.prototype.run = function (this: Interpreter, ...args: Parameters<typeof run>) {
    found.push(this.global);
    return run.apply(this, args);
  };
  try {
    new Template('').render();
  } finally {
    Interpreter.prototype.run = run;
  }
  return found[0];
})();
