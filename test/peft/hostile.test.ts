import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { saveSafetensors } from '../../lib/checkpoints/safetensors';
import { loadModel } from '../../lib/models';
import { loadLora } from '../../lib/peft';

const MODELS = join(__dirname, '..', 'parity', 'models');

/** Loads the tiny adapter with other settings, and perhaps without weights; its message. */
function said(settings: object, { empty = false } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'soo-adapter-'));
  cpSync(join(MODELS, 'tiny-adapter'), folder, { recursive: true });
  const path = join(folder, 'adapter_config.json');
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), ...settings }));
  if (empty) saveSafetensors(join(folder, 'adapter_model.safetensors'), new Map());
  try {
    loadLora(loadModel(join(MODELS, 'tiny')), folder);
    return 'loaded';
  } catch (thrown) {
    return `${(thrown as Error).name}: ${(thrown as Error).message}`;
  }
}

t.test('expressions that backtrack for ever end in one line', async (t) => {
  const slow = /^InputError: LoRA: matching the patterns .* takes longer than 5 seconds$/;
  t.match(said({ target_modules: '(.+)+!' }), slow);
  t.match(said({ exclude_modules: '(.+)+!' }), slow);
  t.match(said({ rank_pattern: { '(.+)+!': 2 } }), slow);
  t.match(
    said({ target_modules: 'a|'.repeat(40_000) }),
    /^InputError: .* has 80000 characters, and 65536 are allowed$/,
  );
});

t.test('ranks are held against the weights before anything is allocated', async (t) => {
  const before = process.memoryUsage().rss;
  t.match(said({ r: 65_536, target_modules: 'all-linear' }, { empty: true }), /^InputError: .*: lacks "/);
  t.match(said({ r: 65_536 }), /^InputError: .* but the model makes it \[65536, 32\]$/);
  t.match(said({ rank_pattern: { '.*': 65_536 } }), /^InputError: .* but the model makes it \[65536, 32\]$/);
  const grown = process.memoryUsage().rss - before;
  t.ok(grown < 100e6, `${Math.round(grown / 1e6)} MB more`);
});

t.test('keys that every object has are settings as others, and a pattern for no name is no target', async (t) => {
  for (const key of ['constructor', 'toString', 'hasOwnProperty', '__proto__'])
    t.equal(said({ [key]: 'x' }), 'loaded', key);
  t.match(said({ target_modules: '' }), /^InputError: .* names no module/);
});
