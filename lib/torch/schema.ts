/** libtorch's own text of an operator's schema, taken apart: what the runtime checks and the declarations show. */

/** `int[2]? dim=None` */
export interface Argument {
  /** In camelCase, as callers write it. */
  name: string;
  /** Base type: `Tensor`, `int`, `float`, `bool`, `Scalar`, `str`, `ScalarType`, `Device`, ... */
  base: string;
  list: boolean;
  /** In `int[2]`: a single number stands for two. */
  repeat: number;
  optional: boolean;
  /** Elements of the list may be missing: `Tensor?[]`. */
  optionalElements: boolean;
  hasDefault: boolean;
  keywordOnly: boolean;
  /** The alias set that the operator writes to, as `a` in `Tensor(a!)`. */
  written: string | null;
}

export interface Returned {
  base: string;
  list: boolean;
  optional: boolean;
  written: string | null;
}

export interface Schema {
  /** `add` */
  name: string;
  /** `Tensor` in `add.Tensor`; empty for the plain overload. */
  overload: string;
  arguments: Argument[];
  returns: Returned[];
  /** As libtorch has it. */
  text: string;
}

/** `log_softmax` to `logSoftmax`; leading and trailing underscores stay, and so does `__and__`. */
export function camelCase(name: string): string {
  if (/^__.*__$/.test(name)) return name;
  return name.replace(/(?<=[^_])_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Splits at commas outside of brackets and quotes. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quote) {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === '(' || c === '[') depth++;
    else if (c === ')' || c === ']') depth--;
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  const last = text.slice(start).trim();
  return last ? [...parts, last] : parts;
}

const TYPE =
  /^(?<base>[\w.]+)(?:\((?<alias>[^)]*)\))?(?<inner>\?)?(?<list>\[(?<repeat>\d*)\])?(?:\([^)]*\))?(?<outer>\?)?$/;

function parseType(text: string): Omit<Argument, 'name' | 'hasDefault' | 'keywordOnly'> {
  const found = TYPE.exec(text)?.groups;
  if (!found) {
    return { base: text, list: false, repeat: 0, optional: text.endsWith('?'), optionalElements: false, written: null };
  }
  const list = found.list !== undefined;
  const alias = found.alias ?? '';
  return {
    base: found.base === 'SymInt' ? 'int' : found.base === 'number' ? 'Scalar' : (found.base ?? text),
    list,
    repeat: Number(found.repeat || 0),
    optional: list ? found.outer === '?' : found.inner === '?' || found.outer === '?',
    optionalElements: list && found.inner === '?',
    written: alias.includes('!') ? alias.replace('!', '').trim() : null,
  };
}

function parseArgument(text: string, keywordOnly: boolean): Argument {
  const equals = text.indexOf('=');
  const declaration = equals < 0 ? text : text.slice(0, equals);
  const space = declaration.lastIndexOf(' ');
  return {
    ...parseType(declaration.slice(0, space).trim()),
    name: camelCase(declaration.slice(space + 1)),
    hasDefault: equals >= 0,
    keywordOnly,
  };
}

function parseArguments(text: string): Argument[] {
  let keywordOnly = false;
  const found: Argument[] = [];
  for (const part of splitList(text)) {
    if (part === '*') keywordOnly = true;
    else found.push(parseArgument(part, keywordOnly));
  }
  return found;
}

function parseReturns(text: string): Returned[] {
  const inner = text.startsWith('(') ? text.slice(1, -1) : text;
  return splitList(inner).map((part) => {
    const type = part.split(/ (?=\w+$)/)[0] ?? part;
    const { base, list, optional, written } = parseType(type);
    return { base, list, optional, written };
  });
}

/** Parses `aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`. */
export function parseSchema(text: string): Schema {
  const open = text.indexOf('(');
  const arrow = text.lastIndexOf(') -> ');
  const [name = '', overload = ''] = text.slice(text.indexOf('::') + 2, open).split('.');
  return {
    name,
    overload,
    arguments: parseArguments(text.slice(open + 1, arrow)),
    returns: parseReturns(text.slice(arrow + 5).trim()),
    text,
  };
}

/** A schema's text with the names of arguments as callers write them; the operator's own stays as `torch.op` takes it. */
export function shownSchema(text: string): string {
  const open = text.indexOf('(');
  const names = / [A-Za-z_]\w*(?=[=,)])/g;
  return text.slice(0, open) + text.slice(open).replace(names, (name) => ` ${camelCase(name.slice(1))}`);
}

/**
 * The order in which overloads are tried and declared: the plainest first, then `out=` forms, and named dimensions last,
 * for they take strings where others take a dtype or a device.
 */
export function rank({ overload, arguments: list }: Schema): number {
  const named =
    list.some(({ base, name }) => base === 'str' && name.startsWith('dim')) || /imname|names/.test(overload);
  const out = list.some(({ keywordOnly, written }) => keywordOnly && written !== null);
  return (named ? 1000 : 0) + (out ? 100 : 0) + list.length;
}
