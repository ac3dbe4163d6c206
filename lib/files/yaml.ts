/** YAML that is data and nothing else. */
import { parseDocument } from 'yaml';
import { InputError, messageOf } from './input-error';

/**
 * A YAML text in the core schema: no tags of a program's own, no key twice, no more than a hundred uses of an alias.
 * @throws InputError that begins with `name`
 */
export function parseYaml(text: string, name: string): unknown {
  const document = parseDocument(text, { schema: 'core' });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw new InputError(`${name}: is not YAML: ${messageOf(problem)}`);
  return document.toJS({ maxAliasCount: 100 }) as unknown;
}
