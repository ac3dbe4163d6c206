import '.';
import { native } from './load-native';
import { TAKES_NUMBERS } from './operator-arguments';
import { lineOf } from './operator-lines';
import { handwritten, MAKERS } from './operators';
import { camelCase, parseSchema, rank, shownSchema, type Argument, type Returned, type Schema } from './schema';

// Writes operators.generated.ts: what the editor shows is what the linked libtorch has.

const SINGLE: Record<string, string> = {
  Tensor: 'Tensor',
  int: 'number | bigint',
  float: 'number',
  bool: 'boolean',
  Scalar: 'Scalar',
  str: 'string',
  ScalarType: 'DType',
  Layout: 'Layout',
  Device: 'DeviceLike',
  MemoryFormat: 'MemoryFormat',
  Generator: 'Generator',
};

const RETURNED: Record<string, string> = { ...SINGLE, int: 'number', QScheme: 'string' };

// Words that TypeScript does not accept as the name of a parameter.
const RESERVED = new Set([
  'in',
  'function',
  'new',
  'var',
  'default',
  'this',
  'with',
  'for',
  'if',
  'do',
  'else',
  'return',
  'delete',
]);

function typeOf(argument: Argument, operator: string): string {
  const takesNumbers =
    argument.base === 'Tensor' && !argument.list && argument.written === null && TAKES_NUMBERS.has(operator);
  const single = takesNumbers ? 'Tensor | Scalar' : (SINGLE[argument.base] ?? 'never');
  const element = argument.optionalElements ? `${single} | null` : single;
  const list = `readonly ${/[ ]/.test(element) ? `(${element})` : element}[]`;
  const type = !argument.list ? single : argument.repeat > 0 ? `${single} | ${list}` : list;
  return argument.optional ? `${type} | null` : type;
}

/** With an `outputMask` null comes back for what was not asked for. */
function returnType({ returns, arguments: list }: Schema): string {
  const masked = list.some(({ name }) => name === 'outputMask');
  const one = ({ base, list: isList, optional, written }: Returned) =>
    `${RETURNED[base] ?? 'unknown'}${isList ? '[]' : ''}${optional || (masked && written === null) ? ' | null' : ''}`;
  if (returns.length === 0) return 'void';
  return returns.length === 1 ? one(returns[0]) : `[${returns.map(one).join(', ')}]`;
}

const parameterName = (name: string) => (RESERVED.has(name) ? `${name}_` : name);
const propertyName = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
const mayMiss = ({ hasDefault, optional }: Argument) => hasDefault || optional;

function optionsType(list: readonly Argument[], extra: string, operator: string): string {
  const fields = list.map(
    (argument) => `${propertyName(argument.name)}${mayMiss(argument) ? '?' : ''}: ${typeOf(argument, operator)}`,
  );
  return `{ ${[...fields, ...(extra ? [extra] : [])].join('; ')} }`;
}

/** `(dim: number, options?: { dtype?: DType | null }) => Tensor`, all arguments in their places. */
function positionalForm(
  positional: readonly Argument[],
  keywords: readonly Argument[],
  extra: string,
  operator: string,
): string {
  const lastRequired = positional.findLastIndex((argument) => !mayMiss(argument));
  const parts = positional.map((argument, i) => {
    const missing = i > lastRequired && mayMiss(argument) ? '?' : '';
    return `${parameterName(argument.name)}${missing}: ${typeOf(argument, operator)}${i < lastRequired && argument.hasDefault ? ' | undefined' : ''}`;
  });
  if (keywords.length > 0 || extra) {
    const required = keywords.some((argument) => !mayMiss(argument)) && lastRequired === positional.length - 1;
    parts.push(`options${required ? '' : '?'}: ${optionsType(keywords, extra, operator)}`);
  }
  return parts.join(', ');
}

/** The forms of one overload: everything in its place, and whatever may be named in the options. */
function formsOf(list: readonly Argument[], extra: string, operator: string): string[] {
  const positional = list.filter(({ keywordOnly }) => !keywordOnly);
  const keywords = list.filter(({ keywordOnly }) => keywordOnly);
  const firstOptional = positional.findIndex(mayMiss);
  const forms = [positionalForm(positional, keywords, extra, operator)];
  if (firstOptional >= 0 && positional.slice(firstOptional).every(mayMiss)) {
    for (let first = firstOptional; first < positional.length; first++) {
      const placed = positional.slice(0, first);
      const before = placed.map((argument) => `${parameterName(argument.name)}: ${typeOf(argument, operator)}`);
      const named = [...positional.slice(first), ...keywords];
      forms.push([...before, `options: ${optionsType(named, extra, operator)}`].join(', '));
    }
  }
  return forms;
}

function declare(name: string, schema: Schema, method: boolean): string[] {
  const list = method ? schema.arguments.filter((argument) => argument.name !== 'self') : schema.arguments;
  const extra = MAKERS.has(name) ? 'requiresGrad?: boolean' : '';
  return formsOf(list, extra, schema.name).map((form, i) => {
    const comment = i === 0 ? commentOf(schema) : '';
    return `${comment}  ${propertyName(name)}(${form}): ${returnType(schema)};`;
  });
}

/** The schema, and for the operators that people use most a line and a link. */
function commentOf({ name, text }: Schema): string {
  const found = lineOf(name);
  const shown = `\`${shownSchema(text)}\``;
  if (!found) return `  /** ${shown} */\n`;
  return `  /**\n   * ${found.line} [PyTorch](${found.page})\n   *\n   * ${shown}\n   */\n`;
}

function hasSelf({ arguments: list }: Schema): boolean {
  return list.some(({ name, base, list: isList }) => name === 'self' && base === 'Tensor' && !isList);
}

function callableSchemas(): Map<string, Schema[]> {
  const families = new Map<string, Schema[]>();
  native.operatorNames().forEach((fullName, index) => {
    if (native.operatorProblem(index) !== null) return;
    const schema = parseSchema(native.operatorSchema(index));
    const name = camelCase(fullName.split('.')[0] ?? fullName);
    families.set(name, [...(families.get(name) ?? []), schema]);
  });
  return families;
}

/** The text of operators.generated.ts for the libtorch that is linked. */
export function generateDeclarations(): string {
  const methods: string[] = [];
  const functions: string[] = [];
  for (const [name, schemas] of callableSchemas()) {
    const sorted = schemas.sort((a, b) => rank(a) - rank(b));
    functions.push(...sorted.flatMap((schema) => declare(name, schema, false)));
    if (handwritten.has(name)) continue;
    methods.push(...sorted.filter(hasSelf).flatMap((schema) => declare(name, schema, true)));
  }
  return `// Generated from the schemas of the linked libtorch (built with ${native.builtWith}) by scripts/generate-types.js.
/* eslint-disable */
import type { DeviceLike } from './device';
import type { DType, Layout, MemoryFormat, Scalar } from './dtype';
import type { Generator } from './generator';
import type { Tensor } from './tensor';

/** The operators whose tensor \`self\` is the object they are called on. */
export interface TensorMethods {
${methods.join('\n')}
}

/** The operators as free functions. */
export interface TorchFunctions {
${functions.join('\n')}
}
`;
}
