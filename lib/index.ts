/** soo-torch: libtorch for Node.js, and self-other overlap fine-tuning on it. One name for each floor of `lib`. */
export * from './torch';
export * as checkpoints from './checkpoints';
export * as nn from './nn';
export * as optim from './optim';
export * as text from './text';
