/** What a tokenizer.json puts around the ids of a text: the post-processors of Python's `tokenizers`. */
import { z } from 'zod';
import { build, refuse, settingsOf, stages, text, wanted, type Builder } from './stages';

type Ids = (number | undefined)[];

export type PostProcessor = (ids: Ids) => Ids;

const id = z.int(wanted('a token id')).min(0, wanted('a token id'));
const pair = z.tuple([text, id], wanted('[token, id]'));
const aroundSettings = z.looseObject({ cls: pair, sep: pair });
const templateSettings = z.looseObject({
  single: z.array(
    z.union(
      [
        z.looseObject({ SpecialToken: z.looseObject({ id: text }) }),
        z.looseObject({ Sequence: z.looseObject({ id: z.literal('A', wanted('"A"')) }) }),
      ],
      wanted('{"SpecialToken": {"id": text}} or {"Sequence": {"id": "A"}}'),
    ),
    wanted('a list'),
  ),
  special_tokens: z
    .record(z.string(), z.looseObject({ ids: z.array(id, wanted('a list of ids')) }), wanted('an object of tokens'))
    .default({}),
});

const around: Builder<PostProcessor> = (settings, where) => {
  const { cls, sep } = settingsOf(aroundSettings, settings, where);
  return (ids) => [cls[1], ...ids, sep[1]];
};

const POST_PROCESSORS: ReadonlyMap<string, Builder<PostProcessor>> = new Map<string, Builder<PostProcessor>>([
  ['ByteLevel', () => (ids) => ids],
  ['BertProcessing', around],
  ['RobertaProcessing', around],
  ['TemplateProcessing', (settings, where) => template(settingsOf(templateSettings, settings, where), where)],
  [
    'Sequence',
    (settings, where) => {
      const { processors } = settingsOf(z.looseObject({ processors: stages }), settings, where);
      const each = processors.map((one, i) => build(POST_PROCESSORS, one, `${where}.processors.${i}`));
      return (ids) => each.reduce((some, process) => process(some), ids);
    },
  ],
]);

/** @param settings the file's, or null for none */
export function makePostProcessor(settings: unknown): PostProcessor {
  return settings === null ? (ids) => ids : build(POST_PROCESSORS, settings, 'post_processor');
}

function template(settings: z.infer<typeof templateSettings>, where: string): PostProcessor {
  const tokens = new Map(Object.entries(settings.special_tokens));
  /** Ids, or null for the text's own. */
  const parts = settings.single.map((part) => {
    if ('Sequence' in part) return null;
    const { id: name } = part.SpecialToken as { id: string };
    return tokens.get(name)?.ids ?? refuse(where, 'single without special_tokens of', name);
  });
  return (ids) => parts.flatMap((part): Ids => part ?? ids);
}
