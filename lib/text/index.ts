export { ChatTemplate, type ChatMessage, type ChatVariables } from './chat-template';
export { tokenizerFiles, type GgmlVocabulary, type TokenizerFiles } from './ggml-tokenizer';
export { Tokenizer } from './tokenizer';
export { TextStream } from './text-stream';
