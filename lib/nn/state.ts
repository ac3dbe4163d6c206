import type { Tensor } from '../torch';

export interface LoadOptions {
  strict?: boolean;
  assign?: boolean;
}

/** What a state dict lacked and what it held beyond the module's names. */
export interface LoadReport {
  missing: string[];
  unexpected: string[];
}

/** Compares names and shapes; throws one line that lists what does not fit. */
export function checkState(
  kind: string,
  own: Map<string, Tensor>,
  given: Map<string, Tensor>,
  strict: boolean,
): LoadReport {
  const missing = [...own.keys()].filter((name) => !given.has(name));
  const unexpected = [...given.keys()].filter((name) => !own.has(name));
  const problems: string[] = [];
  if (strict && missing.length) problems.push(`missing ${listed(missing)}`);
  if (strict && unexpected.length) problems.push(`unexpected ${listed(unexpected)}`);
  const misfits: string[] = [];
  for (const [name, tensor] of own) {
    const value = given.get(name);
    if (!value) continue;
    const [wanted, got] = [shapeText(tensor.shape), shapeText(value.shape)];
    if (wanted !== got) misfits.push(`${name} wants ${wanted}, got ${got}`);
  }
  if (misfits.length) problems.push(`shapes differ: ${listed(misfits)}`);
  if (problems.length) throw new Error(`${kind}.loadStateDict: ${problems.join('; ')}`);
  return { missing, unexpected };
}

export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

function listed(names: string[], most = 5): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
