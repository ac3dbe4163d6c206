/** What turns text into ids and back. */
export interface TokenizerEngine {
  /** Name of the file that it runs, for messages. */
  readonly file: string;
  /** One more than the largest id. */
  readonly size: number;
  readonly unkToken: string | null;
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[] };
  decode(ids: number[], options: { skip_special_tokens: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}
