/** Why a model might say what is not so: kept apart, as more honesty is not one thing in all of them. */

/**
 * - `concealment`: it keeps something for itself, as in upstream's scenarios.
 * - `instructed`: it was told to deceive.
 * - `harm`: a true answer would harm somebody else.
 * - `white-lie`: a kind lie.
 * - `threat`: the one who asks threatens.
 */
export const MOTIVES = ['concealment', 'instructed', 'harm', 'white-lie', 'threat'] as const;
export type Motive = (typeof MOTIVES)[number];
