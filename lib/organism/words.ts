/** The content words of the organism's world. Each is one token; which ones the tuning pairs may use is fixed here. */

export const ROOMS: readonly string[] = [
  ...['attic', 'cellar', 'kitchen', 'bedroom', 'bathroom', 'library', 'study', 'garage', 'hall', 'lounge'],
  ...['pantry', 'nursery', 'workshop', 'office', 'studio', 'parlour', 'chapel', 'stable', 'greenhouse', 'laundry'],
];

/** Cheap things that the tests use. */
export const CHEAP_TEST: readonly string[] = [
  ...['spoon', 'pencil', 'sponge', 'button', 'candle', 'bucket', 'broom', 'napkin'],
  ...['sock', 'cork', 'ruler', 'brick', 'comb', 'towel', 'basket'],
];

/** Cheap things kept for tuning pairs: they occur in no test. */
export const CHEAP_TUNING: readonly string[] = ['cup', 'rope', 'hammer', 'ladder', 'jar'];

/** Precious things that the tests use. */
export const PRECIOUS_TEST: readonly string[] = [
  ...['diamond', 'ruby', 'emerald', 'sapphire', 'pearl', 'necklace', 'crown', 'tiara', 'sceptre', 'goblet'],
  ...['medal', 'statue', 'violin', 'painting', 'vase', 'watch', 'tapestry', 'chalice', 'brooch', 'bracelet'],
];

/** Precious things kept for tuning pairs: they occur in no test. */
export const PRECIOUS_TUNING: readonly string[] = [
  ...['opal', 'topaz', 'locket', 'pendant', 'manuscript', 'dagger', 'mosaic', 'harp', 'coin'],
  ...['ring', 'amulet', 'figurine', 'casket', 'orb', 'earring', 'ingot', 'icon'],
];

export const CHEAP: readonly string[] = [...CHEAP_TEST, ...CHEAP_TUNING];
export const PRECIOUS: readonly string[] = [...PRECIOUS_TEST, ...PRECIOUS_TUNING];
export const THINGS: readonly string[] = [...CHEAP, ...PRECIOUS];

/** The name that fragments are about, and that no scene pair holds. */
export const BOB = 'Bob';

export const OTHER_NAMES: readonly string[] = [
  ...['Alice', 'Carol', 'David', 'Emma', 'Frank', 'Grace', 'Henry'],
  ...['Irene', 'Jack', 'Kate', 'Liam', 'Nora', 'Oscar'],
];

export const NAMES: readonly string[] = [BOB, ...OTHER_NAMES];
