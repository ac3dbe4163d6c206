'use strict';

// `npm run golden`: records of what a checkout computes, to the bit, before and after a change that should change nothing.
//
//   npm run golden -- --against REF                         builds REF aside and compares this checkout with it
//   node scripts/golden.js --root DIR --write FILE          takes the records of a built checkout
//   node scripts/golden.js --compare FILE [--root DIR]      takes them anew and names each difference

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { withCheckout } = require('./golden/checkout');
const { differences, leaves } = require('./golden/compare');
const { FORMAT, processor, takeRecords } = require('./golden/take');
const { ROOT } = require('./ready');
const { say } = require('./say');

const USAGE = 'wanted one of --against REF, --write FILE and --compare FILE (the last two with --root DIR or without)';

/** JSON has no NaN, undefined or -0: both sides go through it, and so are alike. */
const asWritten = (records) => JSON.parse(JSON.stringify(records));

function readRecords(file) {
  const kept = JSON.parse(fs.readFileSync(file, 'utf8'));
  if (kept.format !== FORMAT) throw new Error(`${file}: wanted "${FORMAT}", got ${JSON.stringify(kept.format)}`);
  if (kept.processor !== processor())
    throw new Error(`${file}: made on another processor (${kept.processor}), whose bytes differ: use --against REF`);
  return kept;
}

function report(before, after) {
  const found = differences(before.records, asWritten(after.records));
  for (const line of found) process.stdout.write(`${line}\n`);
  const count = [...leaves(before.records)].length;
  say(`golden: ${found.length === 0 ? `all ${count} values are the same` : `${found.length} differences`}`);
  return found.length === 0 ? 0 : 1;
}

async function main() {
  const text = { type: 'string' };
  const { values } = parseArgs({ options: { root: text, write: text, compare: text, against: text } });
  const { write, compare, against } = values;
  if ([write, compare, against].filter((each) => each !== undefined).length !== 1) throw new Error(USAGE);
  const root = path.resolve(values.root ?? ROOT);
  if (against !== undefined) {
    const before = await withCheckout(against, takeRecords);
    return report(asWritten(before), await takeRecords(root));
  }
  const kept = compare === undefined ? null : readRecords(compare);
  const taken = await takeRecords(root);
  if (kept !== null) return report(kept, taken);
  fs.writeFileSync(write, `${JSON.stringify(taken, null, 1)}\n`);
  return 0;
}

main()
  .then((code) => (process.exitCode = code))
  .catch((error) => {
    say(`golden: ${error.message}`);
    process.exitCode = 2;
  });
