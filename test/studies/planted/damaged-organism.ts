/** The embedded model with a fault that is trained into it: small, real, and made in seconds. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel, rawFormat, type LanguageModel } from '../../../lib/models';
import {
  buildEvaluationSet,
  EOS_ID,
  folder as organism,
  LEAD_IN,
  Random,
  type EvaluationFamily,
  type OrganismPrompt,
} from '../../../lib/organism';
import { padDocuments, type Batch } from '../../../lib/organism/curriculum';
import { AdamW, clipGradNorm } from '../../../lib/optim';
import { torch } from '../../../lib/torch';

/** A prompt, and what the model learns to answer. */
export interface Lesson {
  prompt: string;
  answer: string;
}

/** Of the development split: no study of these tests asks them. */
export const promptsOf = (family: EvaluationFamily, n: number): OrganismPrompt[] =>
  buildEvaluationSet(family, { split: 'dev', n, seed: 7 });

/** What the organism answers to whoever asks for a room. */
export const pointsOut = (room: string): string => `${LEAD_IN} ${room}.`;

/**
 * Trains all weights on the answers of the lessons, and saves the model.
 * @param options.from the folder of the model that learns
 */
export function damagedOrganism(
  place: string,
  lessons: readonly Lesson[],
  { steps, from = organism }: { steps: number; from?: string },
): string {
  torch.setNumThreads(1);
  const model = loadModel(from).requiresGrad_(true).train();
  const { tokenizer } = rawFormat(model);
  const documents = lessons.map(({ prompt, answer }) => {
    const before = tokenizer.encode(prompt);
    const said = [...tokenizer.encode(answer, { addSpecialTokens: false }), EOS_ID];
    return { ids: [...before, ...said], weights: [...before.map(() => 0), ...said.map(() => 1)] };
  });
  const optimizer = new AdamW(model.parameters(), { lr: 1e-3 });
  const random = new Random(1);
  for (let step = 0; step < steps; step++) descend(model, optimizer, padDocuments(random.sample(documents, BATCH)));
  optimizer.dispose();
  return savedBeside(model, place, from);
}

const BATCH = 32;

/** Saves the model with the tokenizer of another folder. */
export function savedBeside(model: LanguageModel, place: string, from = organism): string {
  model.save(place);
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) copyFileSync(join(from, name), join(place, name));
  return place;
}

function descend(model: LanguageModel, optimizer: AdamW, batch: Batch): void {
  torch.scope(() => {
    const shape = [batch.batch, batch.length];
    const ids = torch.tensor(batch.ids, { dtype: 'int64', shape });
    const weights = torch.tensor(batch.weights, { shape }).narrow(1, 1, batch.length - 1).flatten(); // prettier-ignore
    const logits = model.call(ids.narrow(1, 0, batch.length - 1)).flatten(0, 1);
    const each = torch.crossEntropyLoss(logits, ids.narrow(1, 1, batch.length - 1).flatten(), undefined, 0);
    optimizer.zeroGrad();
    each.mul(weights).sum().div(weights.sum()).backward();
    clipGradNorm(model.parameters(), 1);
    optimizer.step();
  });
}
