/** Scenarios of a family, drawn with a seed: the same on every machine and version of Node. */
import { InputError, shown } from '../../files/input-error';
import { Random } from '../../random';
import type { FactOrder } from '../fact-order';
import { leadIn } from '../forced-choice';
import { familyCalled } from './catalogue';
import type { Family, FamilyScenario, Relation, RelationText, Split, Variant } from './family';
import { definite, fill, NAMES, STANDARD_NAME, thingsOf } from './words';

export interface FamilyOptions {
  family: string;
  /** Scenarios. A longer list begins with the shorter one of the same settings. */
  n: number;
  seed: number;
  split: Exclude<Split, 'training'>;
  /** Default `rival`. Scenario `i` is the same scene whoever asks and whatever the variant. */
  relation?: Relation;
  /** Default `standard`. */
  variant?: Variant;
}

/**
 * `n` different scenarios. Both orders of the facts and both orders of the places in the question come equally often and
 * apart from each other, in every four; places, things, wording and the beginning of the answer are drawn.
 * @throws InputError for an unknown family, one without that relation, or more scenarios than a split has
 */
export function generateFamily(options: FamilyOptions): FamilyScenario[] {
  const { n, seed, split, relation = 'rival', variant = 'standard' } = options;
  const family = familyCalled(options.family);
  const text = family.relations[relation];
  if (!text) {
    const known = Object.keys(family.relations).join(', ');
    throw new InputError(`family ${family.name}: wanted a relation of ${known}, got ${shown(relation)}`);
  }
  return drawScenes(family, n, seed, split).map((scene) =>
    scenarioOf(family, text, scene, { relation, variant, split }),
  );
}

/** The name of a set of scenarios: `burglar`, `burglar/friend`, `burglar/name-action`, `burglar/friend/name`. */
export const setName = (family: string, relation: Relation = 'rival', variant: Variant = 'standard'): string =>
  [family, ...(relation === 'rival' ? [] : [relation]), ...(variant === 'standard' ? [] : [variant])].join('/');

/** All that is drawn of a scenario, whoever asks and whatever the variant. */
interface Scene {
  cheapPlace: string;
  preciousPlace: string;
  cheap: string;
  precious: string;
  /** For the variants with another name than the standard one. */
  name: string;
  order: FactOrder;
  cheapAskedFirst: boolean;
  /** In [0, 1): which wording of a list is taken. */
  wording: Record<'opening' | 'fact' | 'joint' | 'secret' | 'ask' | 'closing', number>;
}

function drawScenes(family: Family, n: number, seed: number, split: Split): Scene[] {
  const [cheap, precious] = [thingsOf(family.cheap, split), thingsOf(family.precious, split)];
  const most = (family.places.length * (family.places.length - 1) * cheap.length * precious.length) / 2;
  if (n > most) throw new InputError(`family ${family.name}: wanted at most ${most} scenarios of a split, got ${n}`);
  const random = Random.of(`${family.name} ${split} ${seed}`);
  const names = thingsOf(NAMES, split);
  const drawn = new Set<string>();
  const scenes: Scene[] = [];
  while (scenes.length < n) {
    const [cheapPlace, preciousPlace] = random.sample(family.places, 2);
    const things = { cheap: random.pick(cheap), precious: random.pick(precious) };
    const key = [cheapPlace, preciousPlace, things.cheap, things.precious].join();
    if (drawn.has(key)) continue;
    drawn.add(key);
    const i = scenes.length;
    const parts = ['opening', 'fact', 'joint', 'secret', 'ask', 'closing'] as const;
    const wording = Object.fromEntries(parts.map((part) => [part, random.uniform()])) as Scene['wording'];
    scenes.push({
      ...{ cheapPlace, preciousPlace, ...things, name: random.pick(names), wording },
      order: i % 2 === 0 ? 'cheap-first' : 'precious-first',
      cheapAskedFirst: (i >> 1) % 2 === 0,
    });
  }
  return scenes;
}

type Kind = Pick<FamilyScenario, 'relation' | 'variant' | 'split'>;

function scenarioOf(family: Family, text: RelationText, scene: Scene, kind: Kind): FamilyScenario {
  const { relation, variant } = kind;
  const { cheapPlace, preciousPlace, order, cheapAskedFirst, wording } = scene;
  const varied = (what: string): 0 | 1 => (variant.split('-').includes(what) ? 1 : 0);
  const name = varied('name') ? scene.name : STANDARD_NAME;
  const [first, second] = cheapAskedFirst ? [cheapPlace, preciousPlace] : [preciousPlace, cheapPlace];
  const slots = {
    name,
    whom: relation === 'self' ? 'yourself' : name,
    'the precious': definite(scene.precious),
    'the cheap': definite(scene.cheap),
    ...{ first, second },
  };
  const closing = at(CLOSINGS, wording.closing);
  const sentences = [
    at(text.openings, wording.opening),
    factsText(family, scene),
    at(family.secrets, wording.secret),
    text.objectives[varied('objective')],
    at(text.asks, wording.ask),
    family.questions[varied('action')],
    closing.text,
  ];
  const prompt = sentences.map((sentence) => fill(sentence, slots)).join(' ');
  const type = setName(family.name, relation, variant);
  const scenario = { prompt, cheapRoom: cheapPlace, preciousRoom: preciousPlace, type };
  return {
    ...scenario,
    ...{ family: family.name, motive: family.motive, ...kind, order },
    leadIn: closing.leadIn ?? leadIn(scenario),
  };
}

const at = <T>(list: readonly T[], share: number): T => list[Math.floor(share * list.length)];

/** How the answer is to begin; without a `leadIn` it is "I would" and the words of the question. */
const CLOSINGS: readonly { text: string; leadIn?: string }[] = [
  { text: 'Begin your answer with "I would".' },
  { text: 'Reply in one sentence, and let "I would" be its first words.' },
  { text: 'Answer in one sentence that begins with "I would choose the".', leadIn: 'I would choose the' },
];

/** Two sentences, or one of two halves where both begin with "The". */
function factsText(family: Family, { cheapPlace, preciousPlace, cheap, precious, order, wording }: Scene): string {
  const form = at(family.facts, wording.fact);
  const clause = (place: string, thing: string): string =>
    fill(form, { place, thing, Thing: thing.charAt(0).toUpperCase() + thing.slice(1) });
  const both = [clause(cheapPlace, cheap), clause(preciousPlace, precious)];
  const [first, second] = order === 'cheap-first' ? both : both.reverse();
  if (!form.startsWith('The ') || wording.joint < 0.5) return `${first}. ${second}.`;
  return `${first}, and the ${second.slice('The '.length)}.`;
}
