export {
  ChatTemplate,
  type ChatMessage,
  type ChatVariables,
  type RenderOptions,
  type TemplateArguments,
} from './chat-template';
export {
  chatPrompts,
  rawPrompts,
  templateSchema,
  type ChatFormat,
  type ChatSettings,
  type PromptFormat,
  type TemplateRecord,
} from './prompt-format';
export { instructedPrompts } from './instructed';
export { decodeAnswer, spokenIn, type Spoken } from './thinking';
export { tokenizerFiles, type GgmlVocabulary, type TokenizerFiles } from './ggml-tokenizer';
export { Tokenizer } from './tokenizer';
export { TextStream } from './text-stream';
