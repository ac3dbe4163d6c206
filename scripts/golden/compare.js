'use strict';

/** Every value of nested records by its path: `tuning.kl.steps.3.loss`. */
function* leaves(value, at = '') {
  if (typeof value !== 'object' || value === null) yield [at, value];
  else for (const [key, each] of Object.entries(value)) yield* leaves(each, at === '' ? key : `${at}.${key}`);
}

/** A line for each value that differs, and one for each that only one side has. */
function differences(before, after) {
  const [old, now] = [before, after].map((records) => new Map(leaves(records)));
  const shown = (values, at) => (values.has(at) ? (JSON.stringify(values.get(at)) ?? 'nothing') : 'missing');
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((at) => old.has(at) !== now.has(at) || !Object.is(old.get(at), now.get(at)))
    .map((at) => `${at}: ${shown(old, at)}, now ${shown(now, at)}`);
}

module.exports = { differences, leaves };
