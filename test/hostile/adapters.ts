/** Folders of adapters: patterns, ranks, weights. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { damaged, damagedJson, type Random } from '../fuzz/edits';
import { copyOf, EXPRESSIONS, json, written, type Kind } from './cases';
import { assembled, partsOf } from './safetensors';

const CONFIG = 'adapter_config.json';
const FILE = 'adapter_model.safetensors';
type Settings = Record<string, unknown>;

const settings = (random: Random): Record<string, Settings> => {
  const expression = random.pick(EXPRESSIONS);
  return {
    'targets by a bomb': { target_modules: expression },
    'exclusions by a bomb': { exclude_modules: expression },
    'layers by a bomb': { layers_to_transform: [0], layers_pattern: expression },
    'ranks by a bomb': { rank_pattern: { [expression]: 2 } },
    'scales by a bomb': { alpha_pattern: { [expression]: 2 } },
    'the largest rank': { r: 65_536, target_modules: 'all-linear' },
    'the largest rank by a pattern': { rank_pattern: { '.*': 65_536 } },
    'a hundred thousand patterns': {
      rank_pattern: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`(x${i})+`, 2])),
    },
    'names of everything': { constructor: 'x', toString: 1, hasOwnProperty: null },
    'a target without a name': { target_modules: '' },
    'any target': { target_modules: '.*' },
  };
};

const command = (model: string, adapter: string, prompts: string): string[] => [
  ...['generate', '--model', model, '--adapter', adapter, '--prompts', prompts],
  ...['--max-new-tokens', '2'],
];

export const adapterSettings: Kind = (random, good) => {
  const all = settings(random);
  const what = random.pick([...Object.keys(all), 'damaged values']);
  return {
    kind: CONFIG,
    what,
    make(folder, out) {
      const adapter = copyOf(good.adapter, folder, 'adapter');
      const config = JSON.parse(readFileSync(join(adapter, CONFIG), 'utf8')) as Settings;
      json(join(adapter, CONFIG), what in all ? { ...config, ...all[what] } : damagedJson(config, random));
      if (random.below(3)) return command(good.model, adapter, good.prompts);
      return [
        'finetune',
        '--model',
        good.model,
        '--adapter',
        adapter,
        '--pairs',
        good.pairs,
        '--out',
        out,
        '--max-steps',
        '2',
      ];
    },
  };
};

export const adapterWeights: Kind = (random, good) => {
  const what = random.pick(['nothing', 'damaged bytes', 'other shapes', 'infinity']);
  return {
    kind: FILE,
    what,
    make(folder) {
      const adapter = copyOf(good.adapter, folder, 'adapter');
      const path = join(adapter, FILE);
      const parts = partsOf(path);
      if (what === 'nothing') written(path, assembled({ header: {}, data: new Uint8Array(0) }));
      else if (what === 'damaged bytes') written(path, damaged(readFileSync(path), random));
      else if (what === 'infinity')
        written(path, assembled({ ...parts, data: new Uint8Array(parts.data.length).fill(0x7f) }));
      else {
        const entries = Object.values(parts.header) as { shape?: number[] }[];
        for (const entry of entries) entry.shape?.reverse();
        written(path, assembled(parts));
      }
      return command(good.model, adapter, good.prompts);
    },
  };
};
