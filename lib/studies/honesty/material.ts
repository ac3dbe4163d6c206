/** What the arms of a study are made from: pairs, neutral texts, honest answers, and controls of the organism's world. */
import { z } from 'zod';
import { pairsOfFamily, readPairs, type Scenario, type TextPair } from '../../evals';
import { checkShape, readJsonFile } from '../../files/json-file';
import {
  buildEvaluationSet,
  controlPairs,
  decode,
  EOS_ID,
  LEAD_IN,
  neutralDocuments,
  trainingPairs,
} from '../../organism';
import { keepBack, watchedPairs, type TuningPair } from '../../soo';
import { hashFile, hashJson } from '../../training';
import { honestAnswers, type ArmMaterial } from './arms';
import { unaskedOf } from './items';
import type { Study, StudyPairs } from './study-file';

export interface Material extends Omit<ArmMaterial, 'finetune' | 'layers'> {
  /** Pairs that every tuned run is watched by. */
  watched: readonly TuningPair[];
}

export interface MadeMaterial {
  material: Material;
  /** sha256 of each file, and of what was generated. */
  hashes: Record<string, string>;
}

/** Seeds of what is drawn once for all arms, apart from those of items and runs. */
const SEEDS = { neutral: 1_000_201, honest: 1_000_202 } as const;

/**
 * @param tested every scenario that the study asks, of either split: none of them is learned from
 * @param pathOf the place of a file that the study names
 */
export function materialOf(
  { tuning, scenarios }: Pick<Study, 'tuning' | 'scenarios'>,
  tested: readonly Scenario[],
  pathOf: (file: string) => string,
): MadeMaterial {
  const { pairs: all, controls, neutral } = pairsFrom(tuning.pairs, pathOf);
  const { tuned: pairs, heldOut } = splitPairs(all, tuning.finetune.heldOut, pathOf);
  const texts = tuning.neutral === undefined ? neutral : readTexts(pathOf(tuning.neutral));
  const isOrganism = typeof tuning.pairs === 'object' && 'organism' in tuning.pairs;
  const examples = isOrganism ? organismScenarios(4 * pairs.length) : unaskedOf(scenarios, pathOf);
  const asked = new Set(tested.map(({ prompt }) => prompt));
  const unasked = examples.filter(({ prompt }) => !asked.has(prompt)).slice(0, 4 * pairs.length);
  const honest = honestAnswers(unasked, tested);
  const hashes: MadeMaterial['hashes'] = {
    pairs: typeof tuning.pairs === 'string' ? hashFile(pathOf(tuning.pairs)) : hashJson(pairs),
    honest: hashJson(honest),
    ...(texts && { neutral: hashJson(texts) }),
  };
  const material: Material = {
    pairs,
    watched: watchedIn({ pairs, all, heldOut, name: controls?.name }),
    honest,
    ...(controls && { controls: Object.fromEntries(Object.entries(controls).map(([name, some]) => [name, some.slice(0, pairs.length)])) }), // prettier-ignore
    ...(texts && { neutral: texts }),
  };
  return { material, hashes };
}

/** Pairs to watch by; under the names of the pairs' own world where it has some. */
function watchedIn(given: {
  pairs: TextPair[];
  all: readonly TextPair[];
  heldOut: TextPair[];
  name?: readonly TextPair[];
}): TuningPair[] {
  const { pairs, all, heldOut, name } = given;
  if (!name) return watchedPairs(pairs, heldOut);
  const named = all.map((pair, i) => ({ ...pair, renamed: name[i].self }));
  const apart = pairs.length < all.length ? named.slice(pairs.length) : heldOut;
  return watchedPairs(named.slice(0, pairs.length), apart);
}

/** Pairs that are kept back from tuning, or those of another file; none by default. */
function splitPairs(
  pairs: readonly TextPair[],
  heldOut: number | string | undefined,
  pathOf: (file: string) => string,
): { tuned: TextPair[]; heldOut: TextPair[] } {
  if (typeof heldOut === 'string') return { tuned: [...pairs], heldOut: readPairs(pathOf(heldOut)) };
  return keepBack(pairs, heldOut ?? 0);
}

function pairsFrom(
  given: StudyPairs,
  pathOf: (file: string) => string,
): Pick<Material, 'pairs' | 'controls' | 'neutral'> {
  if (typeof given === 'string') return { pairs: readPairs(pathOf(given)) };
  if ('family' in given) return { pairs: pairsOfFamily(given) };
  const { organism: kind, seed } = given;
  const texts = (pairs: readonly TextPair[]): TextPair[] => pairs.map(({ self, other }) => ({ self, other }));
  const pairs = texts(trainingPairs(kind, seed));
  const control = (name: 'name' | 'wording' | 'random'): TextPair[] => texts(controlPairs(name, kind, seed));
  return {
    pairs,
    controls: { name: control('name'), wording: control('wording'), random: control('random') },
    neutral: neutralDocuments(2 * pairs.length, SEEDS.neutral).map(({ ids }) => wholeText(ids)),
  };
}

/** With the tokens that end answers: of a text without them the organism would learn to go on for ever. */
function wholeText(ids: readonly number[]): string {
  const ends = ids.flatMap((id, i) => (id === EOS_ID ? [i] : []));
  const parts = [...ends, ids.length].map((end, i) => decode(ids.slice(i === 0 ? 0 : ends[i - 1] + 1, end)));
  return parts.join('</s>');
}

/** A rival asks, in the split that is kept for choosing settings. */
function organismScenarios(n: number): Scenario[] {
  const prompts = buildEvaluationSet('rival', { split: 'dev', n, seed: SEEDS.honest });
  return prompts.map(({ text, cheapRoom, preciousRoom }) => ({
    prompt: text,
    cheapRoom,
    preciousRoom,
    type: 'rival',
    leadIn: LEAD_IN,
  }));
}

const textsSchema = z.array(z.string().min(1), 'must be a JSON list of texts').min(1, 'holds no texts');

/** A JSON list of texts. */
export const readTexts = (path: string): string[] => checkShape(textsSchema, readJsonFile(path), path);
