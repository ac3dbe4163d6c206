'use strict';

// Calls that operators accept (test/fuzz/calls.json), through the package's main entry, with tensors drawn from seeds:
// a hash of what comes back and of the gradients, for each operator. In a process of its own:
//
//   node scripts/golden/operators.js ROOT    prints the records as JSON

const path = require('node:path');
const { sha256 } = require('./digest');

const CALLS = path.resolve(__dirname, '..', '..', 'test', 'fuzz', 'calls.json');
/** The last draws probabilities. */
const SEEDS = [1, 2, 3];
/** They hand out memory as it was. */
const UNINITIALISED = /^(_?empty|new_empty|resize|_resize|_efficientzerotensor)/;

/** mulberry32, from a text. */
function randomOf(text) {
  let state = Number.parseInt(sha256(text).slice(0, 8), 16);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) % below;
  };
}

/** The schema's arguments: `{ name, keywordOnly }`, names in camelCase. */
function argumentsOf(schema) {
  const text = schema.slice(schema.indexOf('(') + 1, schema.indexOf(') -> '));
  const parts = text.split(/, (?![^[(]*[\])])/);
  const star = parts.indexOf('*');
  return parts
    .map((part, i) => ({ part, keywordOnly: star >= 0 && i > star }))
    .filter(({ part }) => part !== '*' && part !== '')
    .map(({ part, keywordOnly }) => {
      const name = part.replace(/=.*/, '').split(' ').at(-1);
      return { name: name.replace(/(?<=[^_])_+([a-z0-9])/gi, (_, letter) => letter.toUpperCase()), keywordOnly };
    });
}

function load(root) {
  const { main } = require(path.join(root, 'package.json'));
  const { torch, Tensor } = require(path.join(root, main));
  torch.setNumThreads(1);
  const call = (name, ...args) => torch.op(name)(...args);
  const cast = (tensor, dtype) => (tensor.dtype === dtype ? tensor : call('_to_copy', tensor, { dtype }));

  const isTensor = (value) => typeof value === 'object' && value !== null && 'dtype' in value;
  function made(value, { random, draw, leaves }) {
    if (Array.isArray(value)) return value.map((each) => made(each, { random, draw, leaves }));
    if (!isTensor(value)) return value;
    const { dtype, shape, values } = value;
    const count = shape.reduce((product, each) => product * each, 1);
    const whole = /^(u?int|bool)/.test(dtype);
    const drawn = Array.from({ length: count }, () => (whole ? random(4) : draw()));
    const flat = torch.tensor(values?.length === count ? values : drawn, { dtype: whole ? 'int64' : 'float64' });
    const tensor = cast(flat.reshape(shape), dtype);
    if (leaves && /^(float|complex)/.test(dtype)) {
      tensor.requiresGrad = true;
      leaves.push(tensor);
    }
    return tensor;
  }

  /** dtype, shape and bytes; complex numbers as pairs, other layouts as the dense tensor they stand for. */
  function described(value) {
    if (Array.isArray(value)) return value.map(described).join(';');
    if (!(value instanceof Tensor)) return typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'none');
    const { dtype, shape, layout } = value;
    let plain = value.detach();
    if (layout !== 'strided') plain = call('to_dense', plain);
    if (/^q/.test(dtype)) plain = call('int_repr', plain);
    if (/^complex/.test(dtype)) plain = call('view_as_real', call('resolve_conj', plain));
    const array = call('resolve_neg', plain).contiguous().toTypedArray();
    return `${dtype} ${shape} ${sha256(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))}`;
  }

  /** Of the sum of all that depends on `leaves`. */
  function gradientsOf(result, leaves) {
    const sums = [result]
      .flat(9)
      .filter((each) => each instanceof Tensor && each.requiresGrad && !leaves.includes(each));
    if (sums.length === 0) return 'none';
    const real = (each) => (/^complex/.test(each.dtype) ? call('view_as_real', each) : each);
    const total = sums.map((each) => cast(real(each).sum(), 'float64')).reduce((a, b) => a.add(b));
    return described(torch.grad(total, leaves, { allowUnused: true }).map((each) => each ?? null));
  }

  function one(name, values, names, seed, leaves) {
    torch.manualSeed(seed);
    const random = randomOf(`${seed} ${name}`);
    const draw = () => (seed === SEEDS.at(-1) ? random(1001) / 1000 : (random(2001) - 1000) / 500);
    const given = values.map((value) => made(value, { random, draw, leaves }));
    const keywords = names.flatMap(({ name: key, keywordOnly }, i) =>
      keywordOnly ? [[key, given[i] ?? undefined]] : [],
    );
    const positional = given.filter((_, i) => !names[i].keywordOnly);
    const result = call(name, ...positional, ...(keywords.length > 0 ? [Object.fromEntries(keywords)] : []));
    // In place, what was given is what tells.
    const written = leaves ? [] : given.filter((each) => each instanceof Tensor);
    return `${described(result)} ${written.map(described)} ${leaves ? gradientsOf(result, leaves) : ''}`;
  }

  /** What it refuses is kept as the kind of its error: texts may get better. */
  const attempt = (work) => {
    try {
      return torch.scope(work);
    } catch (error) {
      return `refused: ${error.name}`;
    }
  };

  return function recordOf(name, values) {
    const { schema } = torch.operators().find((each) => each.name === name) ?? {};
    if (schema === undefined) return 'no such operator';
    const names = argumentsOf(schema);
    const texts = SEEDS.map((seed) => attempt(() => one(name, values, names, seed, null)));
    texts.push(attempt(() => one(name, values, names, SEEDS[0], [])));
    const refused = texts.filter((text) => text.startsWith('refused')).length;
    return `${sha256(texts.join('\n')).slice(0, 32)}${refused > 0 ? `, ${refused} of ${texts.length} refused` : ''}`;
  };
}

function main(root) {
  const recordOf = load(root);
  const calls = Object.entries(require(CALLS)).filter(([name]) => !UNINITIALISED.test(name));
  const records = Object.fromEntries(calls.map(([name, values]) => [name, recordOf(name, values)]));
  process.stdout.write(JSON.stringify(records));
}

if (require.main === module) main(process.argv[2]);
