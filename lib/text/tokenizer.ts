import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, messageOf, quoted, shown } from '../files/input-error';
import { withinSeconds } from '../files/time-limit';
import { ChatTemplate, type ChatMessage, type RenderOptions } from './chat-template';
import { withFurtherTokens } from './added-tokens';
import { tokenizerFiles, type GgmlVocabulary } from './ggml-tokenizer';
import { SentencePieceEngine } from './sentencepiece/engine';
import { readSentencePieceModel } from './sentencepiece/model-file';
import type { TokenizerEngine } from './tokenizer-engine';
import { TokenizerJsonEngine } from './tokenizer-json/engine';
import { checkTokenizerJson, readTokenizerJson, type TokenizerJson } from './tokenizer-json/file';
import { checkTokenizerSettings, readTokenizerSettings, type TokenizerSettings } from './tokenizer-settings';

/**
 * Text to token ids and back, as the `tokenizer.json` of a Hugging Face folder says (BPE, byte-fallback BPE, WordLevel,
 * WordPiece), or, where that is missing, its `tokenizer.model` (SentencePiece: BPE, unigram). Ids equal those of Python's
 * `tokenizers` and `sentencepiece`.
 */
export class Tokenizer {
  /** Ids of the special tokens; undefined where the model has none. */
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  readonly unkId: number | undefined;
  /** The pad token's id, or, when the model has no pad token, the id of eos (what the paper's code pads with). */
  readonly padId: number | undefined;
  /** What tokenizer_config.json says. Nothing here follows it: batches are padded on the left, where generation needs it. */
  readonly padSide: 'left' | 'right';
  /** One more than the largest id. */
  readonly size: number;

  readonly #engine: TokenizerEngine;
  readonly #settings: TokenizerSettings;
  #template: ChatTemplate | undefined;

  private constructor(engine: TokenizerEngine, settings: TokenizerSettings) {
    this.#engine = engine;
    this.#settings = settings;
    const { special } = settings;
    this.size = engine.size;
    this.bosId = this.#idOf('bos_token', special.bos);
    this.eosId = this.#idOf('eos_token', special.eos);
    this.unkId = this.#idOf('unk_token', special.unk ?? engine.unkToken ?? undefined);
    this.padId = this.#idOf('pad_token', special.pad) ?? this.eosId;
    this.padSide = settings.padSide;
  }

  /** Whether a folder has a tokenizer. */
  static isIn(folder: string): boolean {
    return ['tokenizer.json', 'tokenizer.model'].some((file) => existsSync(join(folder, file)));
  }

  /**
   * Reads the tokenizer of a Hugging Face folder: tokenizer.json or, where it is missing, tokenizer.model; and
   * tokenizer_config.json, special_tokens_map.json, added_tokens.json and chat_template.jinja where they exist.
   * @throws InputError, one line that names the file and what is wrong in it.
   */
  static fromFolder(folder: string): Tokenizer {
    const settings = readTokenizerSettings(folder);
    const has = (file: string): boolean => existsSync(join(folder, file));
    if (has('tokenizer.model') && !has('tokenizer.json')) return Tokenizer.#fromSentencePiece(folder, settings);
    if (!has('tokenizer.json') && has('tekken.json')) {
      throw new InputError(`tokenizer.json: no such file in ${folder}; tekken.json alone is not supported`);
    }
    return Tokenizer.#fromJson(readTokenizerJson(folder), settings);
  }

  /**
   * The tokenizer of a vocabulary as a GGUF file has it.
   * @throws InputError, one line that names the file and what is wrong in it
   */
  static fromGgml(vocabulary: GgmlVocabulary): Tokenizer {
    const { tokenizer, config, chatTemplates } = tokenizerFiles(vocabulary);
    try {
      return Tokenizer.#fromJson(checkTokenizerJson(tokenizer), checkTokenizerSettings(config, chatTemplates));
    } catch (thrown) {
      // What is named there stands in no such file.
      throw thrown instanceof InputError ? new InputError(`${vocabulary.file}: as ${thrown.message}`) : thrown;
    }
  }

  static #fromJson(json: TokenizerJson, settings: TokenizerSettings): Tokenizer {
    const vocabulary = { file: 'tokenizer.json', ids: new Map(Object.entries(json.model.vocab)) };
    const added = withFurtherTokens(vocabulary, json.added_tokens, settings.addedTokens);
    return new Tokenizer(new TokenizerJsonEngine(json, added, settings), settings);
  }

  static #fromSentencePiece(folder: string, settings: TokenizerSettings): Tokenizer {
    const model = readSentencePieceModel(join(folder, 'tokenizer.model'));
    // Where the files do not name them, the model's own.
    const special = {
      ...settings.special,
      bos: settings.special.bos ?? model.bosPiece,
      eos: settings.special.eos ?? model.eosPiece,
    };
    const completed = { ...settings, special };
    return new Tokenizer(new SentencePieceEngine(model, completed), completed);
  }

  /**
   * Token ids of a text.
   * @param options.addSpecialTokens puts the tokens of the model's own template around (most often bos); default true.
   */
  encode(text: string, { addSpecialTokens = true }: { addSpecialTokens?: boolean } = {}): number[] {
    let ids: (number | undefined)[];
    try {
      const encode = () => this.#engine.encode(text, { add_special_tokens: addSpecialTokens }).ids;
      ids = withinSeconds(secondsFor(text.length), encode);
    } catch (thrown) {
      throw new InputError(`${this.#engine.file}: cannot encode ${shown(text)}: ${messageOf(thrown)}`);
    }
    return ids.map((id) => {
      if (id === undefined)
        throw new InputError(`${this.#engine.file}: has no token for a part of ${shown(text)} and no unk_token`);
      return id;
    });
  }

  /**
   * The text of token ids.
   * @param options.skipSpecialTokens leaves special tokens out; default true.
   */
  decode(ids: readonly number[], { skipSpecialTokens = true }: { skipSpecialTokens?: boolean } = {}): string {
    // Ids without a token occur: vocabularies are padded to round sizes. Python leaves them out too.
    const known = ids.filter((id) => this.#engine.id_to_token(id) !== undefined);
    if (known.length === 0) return '';
    try {
      const decode = () => this.#engine.decode(known, { skip_special_tokens: skipSpecialTokens });
      return withinSeconds(secondsFor(known.length), decode);
    } catch (thrown) {
      throw new InputError(`${this.#engine.file}: cannot decode ${shown(ids)}: ${messageOf(thrown)}`);
    }
  }

  /** The id of one token's exact text, or undefined. */
  tokenId(token: string): number | undefined {
    return this.#engine.token_to_id(token);
  }

  /** The token of an id as the vocabulary spells it, or undefined. */
  token(id: number): string | undefined {
    return this.#engine.id_to_token(id);
  }

  get hasChatTemplate(): boolean {
    return this.#settings.chatTemplates.has('default');
  }

  /**
   * Source of the model's chat template (Jinja).
   * @throws InputError when it has none
   */
  get chatTemplate(): string {
    const { chatTemplates: templates } = this.#settings;
    const source = templates.get('default');
    if (source !== undefined) return source;
    const named = [...templates.keys()].map(quoted).join(', ');
    const what = named ? `has chat templates called ${named}, but none called default` : 'has no chat_template';
    throw new InputError(`tokenizer_config.json: ${what}`);
  }

  /**
   * A conversation as the model's chat template writes it, special tokens included: encode the result with
   * `addSpecialTokens: false`.
   * @throws InputError when the model has no template or the template refuses the messages.
   */
  applyChatTemplate(messages: readonly ChatMessage[], options: RenderOptions = {}): string {
    const source = this.chatTemplate;
    if (messages.length === 0) throw new InputError('chat template: wanted at least one message, got none');
    this.#template ??= new ChatTemplate(source);
    const { bos, eos, pad, unk } = this.#settings.special;
    return this.#template.render(messages, { bos_token: bos, eos_token: eos, pad_token: pad, unk_token: unk }, options);
  }

  #idOf(role: string, token: string | undefined): number | undefined {
    if (token === undefined) return undefined;
    const id = this.#engine.token_to_id(token);
    if (id === undefined)
      throw new InputError(`tokenizer_config.json: ${role} ${shown(token)} is not in ${this.#engine.file}`);
    return id;
  }
}

/** What a text may take: files of others hold regular expressions, which can take for ever. Usual is a millionth of it. */
const secondsFor = (length: number): number => 5 + length / 1000;
