import type { LanguageModel } from '../../lib/models';
import type { Tokenizer } from '../../lib/text';
import { torch } from '../../lib/torch';

/** What a scripted model says to a prompt; cut, it goes on with line breaks until its tokens are used up. */
export interface Said {
  text: string;
  cut?: boolean;
}

/** Stands for a language model in generation: answers each prompt, as the tokenizer decodes it, by a rule. */
export function scriptedModel(tokenizer: Tokenizer, rule: (prompt: string) => Said): LanguageModel {
  const [eos, vocabSize] = [2, 405];
  const lineBreak = tokenizer.encode('\n', { addSpecialTokens: false }).at(-1) ?? eos;
  const model = {
    config: { vocabSize, maxPositionEmbeddings: 1e6 },
    eosTokenIds: [eos],
    startDecoding(prompts: readonly (readonly number[])[]) {
      let rows = prompts.map((ids) => {
        const { text, cut } = rule(tokenizer.decode(ids));
        const said = tokenizer.encode(text, { addSpecialTokens: false });
        return { said: [...said, cut ? lineBreak : eos], at: 0, cut };
      });
      const next = () =>
        torch.tensor(
          rows.map((row) => {
            const token = row.at < row.said.length ? row.said[row.at++] : row.said[row.said.length - 1];
            return Array.from({ length: vocabSize }, (_, id) => (id === token ? 1000 : 0));
          }),
        );
      const drop = (row: number): void => {
        const last = rows[rows.length - 1];
        rows = rows.slice(0, -1);
        if (row < rows.length) rows[row] = last;
      };
      return { prefill: next, step: next, drop, dispose() {} };
    },
  };
  return model as unknown as LanguageModel;
}
