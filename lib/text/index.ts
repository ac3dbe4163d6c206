export { ChatTemplate, type ChatMessage, type ChatVariables } from './chat-template';
export { Tokenizer } from './tokenizer';
