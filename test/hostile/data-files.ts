/** Data files: pickles, prompts, pairs and scenarios, results, episodes. */
import { join } from 'node:path';
import { damagedJson, noise, type Random } from '../fuzz/edits';
import { json, written, type Kind } from './cases';

const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));

const PICKLES: Record<string, (random: Random) => Uint8Array> = {
  '50 million of nothing': () => bytes('(', 'N'.repeat(50_000_000), 'l.'),
  '30 million lists': () => bytes('(', ']'.repeat(30_000_000), 'l.'),
  '60 million memos': () => bytes('N', '\x94'.repeat(60_000_000), '.'),
  'a long text': () => bytes("S'", '\\\\'.repeat(25_000_000), "'\n."),
  'a call': () => bytes("cos\nsystem\n(S'touch /tmp/soo-was-here'\ntR."),
  'a list in itself': () => bytes('](', 'h', [0], 'q', [0], 'e.'),
  'lists that double': () =>
    bytes(']q', [0], `0]${'(h\0h\0e'.replaceAll('\0', String.fromCharCode(0))}`.repeat(40), '.'),
  'a length of 2^63': () => bytes([0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80], 'x.'),
  'a deep tuple': () => bytes('N', '\x85'.repeat(5_000_000), '.'),
  noise: (random) => noise(2000, random),
};

export const pickles: Kind = (random) => {
  const what = random.pick(Object.keys(PICKLES));
  return {
    kind: 'pickles',
    what,
    make: (folder, out) => ['import', written(join(folder, 'data.pkl'), PICKLES[what](random)), '--out', `${out}.json`],
  };
};

const ESCAPES = '\u001b]0;owned\u0007\u001b[2J\u001b]52;c;ZXZpbA==\u0007\u009b31m\u202egnp';

const PROMPTS: Record<string, () => unknown> = {
  'escape sequences': () => [ESCAPES],
  'a prompt of a million characters': () => ['a'.repeat(1_000_000)],
  'no text': () => [''],
  'lone surrogates': () => ['\ud800', '\udfff x'],
  'a set called __proto__': () => JSON.parse('{"__proto__": [["a", "b"]], "x": 1}') as unknown,
  'a deep list': () => JSON.parse('['.repeat(4000) + ']'.repeat(4000)) as unknown,
  numbers: () => [1, 2, null],
};

export const prompts: Kind = (random, good) => {
  const what = random.pick([...Object.keys(PROMPTS), 'damaged']);
  return {
    kind: 'prompts and pairs',
    what,
    make(folder, out) {
      const value = what in PROMPTS ? PROMPTS[what]() : damagedJson(['one', { prompt: 'two' }], random);
      const file = json(join(folder, 'data.json'), value);
      switch (random.below(4)) {
        case 0:
          return ['deception', '--model', good.model, '--scenarios', file, '--out', `${out}.jsonl`];
        case 1:
          return ['latent', '--model', good.model, '--pairs', file];
        case 2:
          return ['finetune', '--model', good.model, '--pairs', file, '--out', out, '--max-steps', '2'];
        default:
          return ['generate', '--model', good.model, '--prompts', file, '--max-new-tokens', '4'];
      }
    },
  };
};

const moves = (steps: number): number[][][] => Array.from({ length: steps }, () => [[0, 1], [1, 0]]); // prettier-ignore
const episode = (steps: number): object => ({
  ...{ agents: [[0, 0], [1, 1]], landmarks: [[0, 1], [1, 0]], goal: 0 }, // prettier-ignore
  actions: moves(steps),
});

const DRAWN: Record<string, (random: Random) => unknown> = {
  'an episode of 200,000 steps': () => ({ episodes: [episode(200_000)] }),
  'no episodes': () => ({ episodes: [] }),
  'a goal elsewhere': () => ({ episodes: [{ ...episode(3), goal: 7 }] }),
  'numbers out of range': () => ({ episodes: [{ ...episode(3), agents: [[1e308, -1e308], [1e308, 0]] }] }), // prettier-ignore
  'a format of the prototype': () => ({ format: 'constructor' }),
  'a results file without results': () => ({ format: 'soo-demo-1' }),
  damaged: (random) => damagedJson({ episodes: [episode(4)] }, random),
};

export const drawn: Kind = (random) => {
  const what = random.pick(Object.keys(DRAWN));
  return {
    kind: 'results and episodes',
    what,
    make(folder, out) {
      const file = json(join(folder, 'data.json'), DRAWN[what](random));
      const ways = [
        ['rl', 'film', '--trajectory', file, '--out', `${out}.gif`],
        ['rl', 'replay', '--in', file, '--out', `${out}.json`],
        ['report', file, '--out', out],
      ];
      return random.pick(ways);
    },
  };
};
