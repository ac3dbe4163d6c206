export { ChatTemplate, type ChatMessage, type ChatVariables } from './chat-template';
export { Tokenizer } from './tokenizer';
export { TextStream } from './text-stream';
