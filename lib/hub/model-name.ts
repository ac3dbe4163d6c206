/** Names of models on the Hugging Face hub, as people write them. */

/** `ORG/NAME`, `ORG/NAME@REVISION`, and for one GGUF file of a repository `ORG/NAME:FILE.gguf` or `ORG/NAME:Q4_K_M`. */
export interface ModelName {
  /** `ORG/NAME`. */
  readonly id: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** A GGUF file, or what tells it from the others in its name: its quantisation, as llama.cpp and Ollama write it. */
  readonly gguf: string | undefined;
}

const DEFAULT_REVISION = 'main';
const NAME = /^(\w[\w.-]*\/\w[\w.-]*)(?:@([^:]+))?(?::(.+))?$/;
/** What git allows in a branch or tag, less what could lead out of a folder. */
const REVISION = /^(?!.*(?:\.\.|\/\/|\/$|\/\.))\w[\w./+-]*$/;
const LONGEST = 96;

export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);

/** Whether a path inside a repository stays inside the folder that it is put in. */
export const staysInside = (path: string): boolean =>
  path !== '' && !/[\\\0]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

/** What a text names on the hub; undefined where no model can be called so. */
export function parseModelName(text: string): ModelName | undefined {
  const [, id, revision = DEFAULT_REVISION, gguf] = NAME.exec(text) ?? [];
  if (id === undefined || id.length > LONGEST || /--|\.\.|[-.](?:\/|$)|\.git$/.test(id)) return undefined;
  if (!REVISION.test(revision) || (gguf !== undefined && !staysInside(gguf))) return undefined;
  return { id, revision, gguf };
}

/** A name as it is written. */
export function modelNameText({ id, revision, gguf }: ModelName): string {
  const at = revision === DEFAULT_REVISION ? '' : `@${revision}`;
  return `${id}${at}${gguf === undefined ? '' : `:${gguf}`}`;
}
