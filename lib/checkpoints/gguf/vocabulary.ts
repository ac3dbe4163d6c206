import type { Metadata } from './metadata';

/**
 * A GGUF file's vocabulary, for `Tokenizer.fromGgml`; undefined where it has none. Only the header is looked at, so that it
 * can be read without the addon.
 * @throws InputError that names a key which holds something else
 */
export function ggufVocabulary(metadata: Metadata) {
  const key = (name: string): string => `tokenizer.ggml.${name}`;
  const model = metadata.text(key('model'));
  if (model === undefined) return undefined;
  const id = (name: string): number | undefined => metadata.number(key(`${name}_token_id`));
  return {
    file: metadata.file,
    architecture: metadata.text('general.architecture') ?? '',
    model,
    pre: metadata.text(key('pre')),
    tokens: metadata.required(key('tokens'), metadata.texts(key('tokens'))),
    scores: metadata.numbers(key('scores')),
    types: metadata.numbers(key('token_type')),
    merges: metadata.texts(key('merges')),
    ids: { bos: id('bos'), eos: id('eos'), unk: id('unknown'), pad: id('padding') },
    addBos: metadata.flag(key('add_bos_token')),
    addEos: metadata.flag(key('add_eos_token')),
    addSpacePrefix: metadata.flag(key('add_space_prefix')),
    chatTemplates: chatTemplates(metadata),
  };
}

const TEMPLATE = 'tokenizer.chat_template';

function chatTemplates(metadata: Metadata): Map<string, string> {
  const names = [...metadata.values.keys()].filter((key) => key.startsWith(`${TEMPLATE}.`));
  const own = metadata.text(TEMPLATE);
  return new Map([
    ...(own === undefined ? [] : [['default', own] as const]),
    ...names.map((key) => [key.slice(TEMPLATE.length + 1), metadata.text(key) ?? ''] as const),
  ]);
}
