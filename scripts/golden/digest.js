'use strict';

// What is kept of results: numbers and short lists as they are, the rest as hashes, and nothing of when and where.

const crypto = require('node:crypto');
const fs = require('node:fs');

const LONGEST_LIST = 24;
const LONGEST_TEXT = 200;
/** Times, places and machines. */
const LEFT_OUT = new Set(['ms', 'milliseconds', 'seconds', 'envStepsPerSecond', 'tokensPerSecond', 'origin', 'out']);

function sha256(data) {
  return crypto.createHash('sha256').update(data).digest('hex');
}

const hashOfFile = (file) => sha256(fs.readFileSync(file));

/** `value` without times, and without texts that hold one of `places`, which are folders. */
function timeless(value, places) {
  if (Array.isArray(value)) return value.map((each) => timeless(each, places));
  if (typeof value === 'string') return places.some((place) => value.includes(place)) ? undefined : value;
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !LEFT_OUT.has(key));
  return Object.fromEntries(kept.map(([key, each]) => [key, timeless(each, places)]));
}

/** Long lists and texts as hashes: a difference in them is named by the place of the list. */
function condensed(value) {
  if (typeof value === 'string') return value.length > LONGEST_TEXT ? sha256(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value))
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, condensed(each)]));
  if (value.length <= LONGEST_LIST) return value.map(condensed);
  return { length: value.length, sha256: sha256(JSON.stringify(value)) };
}

const record = (value, places) => condensed(timeless(value, places));

/** The records of a file of JSON lines, one by one. */
function recordOfLines(file, places) {
  const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => record(JSON.parse(line), places));
}

/** A hash for each tensor of a safetensors file, whatever else its header says. */
function hashesOfTensors(file) {
  const bytes = fs.readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const tensors = JSON.parse(bytes.toString('utf8', 8, start));
  delete tensors.__metadata__;
  const hashes = Object.entries(tensors).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ]) => [name, sha256(Buffer.concat([Buffer.from(`${dtype} ${shape} `), bytes.subarray(start + from, start + to)]))],
  );
  return Object.fromEntries(hashes.sort(([a], [b]) => (a < b ? -1 : 1)));
}

module.exports = { sha256, hashOfFile, record, recordOfLines, hashesOfTensors };
