/** What an arm of a study is: the pairs it is tuned on, with which settings, and what its prompts are preceded by. */
import type { TextPair } from '../../../evals';
import { InputError } from '../../../files/input-error';
import { encodePrompts, type LanguageModel } from '../../../models';
import { Random } from '../../../organism';
import {
  encodePairs,
  nameControl,
  paperLayer,
  randomControl,
  shuffledControl,
  underAnotherName,
  wordingControl,
  type FinetuneConfig,
  type TokenPair,
  type TuningPair,
} from '../../../soo';
import type { PromptFormat } from '../../../text';
import type { Example } from './honest-answers';
import { INSTRUCTIONS, type InstructedArm } from './instructions';
import type { ArmName } from './names';
import { neutralTexts } from './neutral-texts';

/** What a study's arms are made from; plain data. */
export interface ArmMaterial {
  /** Self-other pairs. */
  pairs: readonly TextPair[];
  /** Of every arm, but for its seed and what makes the arm. Upstream's loss is KL. */
  finetune: FinetuneConfig;
  /** Of the model: the paper's layer is a share of them. */
  layers: number;
  /** Neutral texts of `sham` and of the capability term; by default from a grammar of everyday sentences. */
  neutral?: readonly string[];
  /** What `honesty` is taught; see `honestAnswers`. */
  honest?: readonly Example[];
  /** Control pairs that exist already, where the pairs' world has words of its own; one for each pair. */
  controls?: Readonly<Partial<Record<'name' | 'wording' | 'random' | 'shuffled', readonly TextPair[]>>>;
  /** What the arms that are only asked are told; by default {@link INSTRUCTIONS}. */
  instructions?: Readonly<Partial<Record<InstructedArm, string>>>;
}

/** How an arm is tuned. */
export interface ArmTuning {
  /** As many for every arm as there are self-other pairs. */
  pairs: readonly TuningPair[];
  /** Whether its prompts go as they are, whatever format the study asks in: neutral texts are nobody's turn. */
  raw: boolean;
  /** Texts of the capability term; empty where it has no weight. */
  neutral: readonly string[];
  config: FinetuneConfig;
}

export interface Arm {
  name: ArmName;
  /** What its prompts are preceded by: see `text.instructedPrompts`. */
  instruction: string | null;
  /** null: nothing is tuned. */
  tuning: ArmTuning | null;
}

/** The capability term's weight where the study has none of its own, its overlap loss being 1 at the start. */
const CAPABILITY = 3;

/** Seeds of what arms draw, apart from one another and from the runs'. */
const SEEDS = { random: 1_000_101, shuffled: 1_000_102, neutral: 1_000_103, order: 1_000_104 } as const;

/**
 * The arm of that name. All tuned arms take the same number of the optimiser's steps, of the same number of pairs each:
 * they have equally many pairs, and none ends before.
 * @param seed of the fine-tuning; what an arm is tuned on does not depend on it
 * @throws InputError where the material lacks what the arm is made from
 */
export function armOf(name: ArmName, material: ArmMaterial, seed: number): Arm {
  if (name === 'baseline') return { name, instruction: null, tuning: null };
  if (name === 'honesty-prompt' || name === 'persona-prompt')
    return { name, instruction: material.instructions?.[name] ?? INSTRUCTIONS[name], tuning: null };
  if (material.pairs.length === 0) throw new InputError(`the arm ${name} wants self-other pairs, got none`);
  const shared: FinetuneConfig = { ...material.finetune, seed, untilShare: null, untilDistance: null };
  return { name, instruction: null, tuning: tuningOf(name, material, shared) };
}

type TunedArm = Exclude<ArmName, 'baseline' | InstructedArm>;

function tuningOf(name: TunedArm, material: ArmMaterial, shared: FinetuneConfig): ArmTuning {
  const { pairs, layers } = material;
  const compared = (pairs: readonly TextPair[], more: Partial<FinetuneConfig> = {}): ArmTuning => {
    const config = { ...shared, measureDistance: true, ...more };
    const named = config.nameControl > 0 ? renamedPairs(pairs, material) : pairs;
    return { pairs: named, raw: false, neutral: config.capability > 0 ? neutralOf(material) : [], config };
  };
  const taught = (pairs: readonly TuningPair[], raw: boolean, more: Partial<FinetuneConfig>): ArmTuning => {
    const config = { ...shared, ...NEXT_TOKENS, ...more };
    return { pairs, raw, neutral: [], config };
  };
  switch (name) {
    case 'overlap':
      return compared(pairs);
    case 'overlap-mse':
      return compared(pairs, { loss: 'mse', layer: shared.layer ?? paperLayer(layers) });
    case 'overlap-capability':
      return compared(pairs, { overlapUnit: 'start', capability: shared.capability || CAPABILITY });
    case 'exposure':
      return taught(pairs, false, {});
    case 'sham':
      return taught(textPairs(neutralOf(material), pairs.length), true, { pad: 'longest' });
    case 'honesty':
      return taught(answerPairs(material.honest ?? [], pairs.length), false, { pad: 'longest' });
    default:
      return compared(material.controls?.[name] ?? CONTROLS[name](pairs));
  }
}

/** Under another name, as the pairs' world has it where that has names of its own. */
function renamedPairs(pairs: readonly TextPair[], { controls }: ArmMaterial): TuningPair[] {
  const named = controls?.name;
  return named ? pairs.map((pair, i) => ({ ...pair, renamed: named[i].self })) : underAnotherName(pairs);
}

const CONTROLS: Readonly<
  Record<'name' | 'wording' | 'random' | 'shuffled', (pairs: readonly TextPair[]) => TextPair[]>
> = {
  name: (pairs) => nameControl(pairs),
  wording: wordingControl,
  random: (pairs) => randomControl(pairs, SEEDS.random),
  shuffled: (pairs) => shuffledControl(pairs, SEEDS.shuffled),
};

/** A loss of next tokens reads no layer, compares nothing, and needs nothing that keeps the model as it was. */
const NEXT_TOKENS = {
  loss: 'lm',
  layer: null,
  positions: 'real',
  detachSelf: false,
  overlap: 1,
  overlapUnit: 1,
  capability: 0,
  variance: 0,
  contrast: 0,
  nameControl: 0,
  measureDistance: false,
} as const satisfies Partial<FinetuneConfig>;

const neutralOf = ({ neutral, pairs }: ArmMaterial): readonly string[] =>
  neutral ?? neutralTexts(2 * pairs.length, SEEDS.neutral);

/** Texts two by two, as many pairs as wanted; they come again when there are too few. */
function textPairs(texts: readonly string[], count: number): TuningPair[] {
  if (texts.length === 0) throw new InputError('the arm sham wants neutral texts, got none');
  const at = (i: number): string => texts[i % texts.length];
  return Array.from({ length: count }, (_, i) => ({ self: at(2 * i), other: at(2 * i + 1) }));
}

/** Examples two by two, in an order of their own, so that a few are as mixed as all of them. */
function answerPairs(examples: readonly Example[], count: number): TuningPair[] {
  if (examples.length === 0) throw new InputError('the arm honesty wants honest answers to learn from, got none');
  const mixed = new Random(SEEDS.order).shuffle(examples);
  const at = (i: number): Example => mixed[i % mixed.length];
  return Array.from({ length: count }, (_, i) => {
    const [self, other] = [at(2 * i), at(2 * i + 1)];
    return { self: self.prompt, other: other.prompt, answers: { self: self.answer, other: other.answer } };
  });
}

/**
 * Token ids of what an arm is tuned on, ready for `soo.finetune`.
 * @param format in which the study asks
 * @throws InputError for texts that the model cannot take
 */
export function encodeArm(
  model: LanguageModel,
  { pairs: texts, raw, neutral, config }: ArmTuning,
  format: PromptFormat,
): { pairs: TokenPair[]; neutral: number[][] } {
  const { pairs } = encodePairs(model, texts, { ...(raw ? {} : { format }), pad: config.pad });
  return { pairs, neutral: encodePrompts(model, neutral) };
}
