import type { Entry, Group } from './command';

/**
 * Every subcommand, in the order in which the help lists them. They are loaded only when they are called, so that
 * `soo --help` is quick and `soo doctor` works where the addon does not load.
 */
export const commands: readonly (Entry | Group)[] = [
  {
    name: 'doctor',
    summary: 'show what soo-torch runs on, and how to fix what is missing',
    load: () => require('./doctor') as typeof import('./doctor'),
  },
  {
    name: 'demo',
    summary: 'tune the embedded model for self-other overlap and measure it before and after',
    load: () => require('./demo') as typeof import('./demo'),
  },
  {
    name: 'report',
    summary: 'rebuild a report from its results.json',
    load: () => require('./report') as typeof import('./report'),
  },
  {
    name: 'finetune',
    summary: 'tune a LoRA adapter for self-other overlap on pairs of prompts',
    load: () => require('./finetune') as typeof import('./finetune'),
  },
  {
    name: 'repeat',
    summary: "repeat the paper's experiment on a model: measure, tune with controls, measure again",
    load: () => require('./repeat') as typeof import('./repeat'),
  },
  {
    name: 'study',
    summary: 'a study of a model: its honesty before and after tuning, with controls, frozen before it is run',
    loadGroup: () => require('./study') as typeof import('./study'),
  },
  {
    name: 'logits',
    summary: 'print the likeliest next tokens after each prompt',
    load: () => require('./logits') as typeof import('./logits'),
  },
  {
    name: 'generate',
    summary: 'continue prompts, greedily or sampled',
    load: () => require('./generate') as typeof import('./generate'),
  },
  {
    name: 'quantize',
    summary: 'write a model in four bits, as bitsandbytes has them',
    load: () => require('./quantize') as typeof import('./quantize'),
  },
  {
    name: 'import',
    summary: "read a data file of the paper's code and write it as JSON",
    load: () => require('./import') as typeof import('./import'),
  },
  {
    name: 'convert',
    summary: 'write a GGUF file as a folder that transformers reads',
    load: () => require('./convert') as typeof import('./convert'),
  },
  {
    name: 'tokenize',
    summary: 'print the token ids of prompts',
    load: () => require('./tokenize') as typeof import('./tokenize'),
  },
  {
    name: 'deception',
    summary: 'measure how often a model sends a burglar to the wrong room',
    load: () => require('./deception') as typeof import('./deception'),
  },
  {
    name: 'relabel',
    summary: 'label the stored answers of a deception run anew',
    load: () => require('./relabel') as typeof import('./relabel'),
  },
  {
    name: 'latent',
    summary: "measure how far apart a model's activations for itself and for others are",
    load: () => require('./latent') as typeof import('./latent'),
  },
  {
    name: 'mtbench',
    summary: "answer and judge MT-Bench in FastChat's files",
    loadGroup: () => require('./mtbench') as typeof import('./mtbench'),
  },
  {
    name: 'models',
    summary: 'list the families that can be loaded, and the models in the cache',
    load: () => require('./models') as typeof import('./models'),
  },
  {
    name: 'fetch',
    summary: 'bring a model of the Hugging Face hub into the cache, or what is there to its newest commit',
    load: () => require('./fetch') as typeof import('./fetch'),
  },
  {
    name: 'rl',
    summary: 'agents that deceive in a small world: train, tune and measure them',
    loadGroup: () => require('./rl') as typeof import('./rl'),
  },
];
