import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { hashFile, hashFolder } from '../../lib/training';

const FILES = { 'config.json': '{"model_type":"mistral"}', 'model.safetensors': 'weights', 'tokenizer.json': '{}' };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The layout of Hugging Face's cache: `snapshots/<revision>/` holds links to `blobs/<hash>`. */
function cached(folder: string, files: Readonly<Record<string, string>>): string {
  const [blobs, snapshot] = [join(folder, 'blobs'), join(folder, 'snapshots', 'a1b2')];
  mkdirSync(blobs, { recursive: true });
  mkdirSync(snapshot, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(blobs, sha256(text)), text);
    symlinkSync(join('..', '..', 'blobs', sha256(text)), join(snapshot, name));
  }
  return snapshot;
}

t.test('links count as what they lead to: a cached model is the same as its files, and no other one', async (t) => {
  const folder = t.testdir({ real: FILES });
  const wanted = Object.fromEntries(Object.entries(FILES).map(([name, text]) => [name, sha256(text)]));
  t.same(hashFolder(join(folder, 'real')), wanted);
  t.same(hashFolder(cached(join(folder, 'hub'), FILES)), wanted);
  const other = hashFolder(cached(join(folder, 'other'), { ...FILES, 'model.safetensors': 'flipped' }));
  t.same(other, { ...wanted, 'model.safetensors': sha256('flipped') });
});

t.test('what holds no files has no hash', async (t) => {
  const folder = t.testdir({ empty: {}, nested: { below: FILES } });
  symlinkSync('nothing', join(folder, 'empty', 'config.json'));
  for (const name of ['empty', 'nested']) {
    t.throws(() => hashFolder(join(folder, name)), {
      name: 'InputError',
      message: new RegExp(`${name}: holds no files`),
    });
  }
});

t.test('a pipe is not waited for', async (t) => {
  const folder = t.testdir(FILES);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  t.same(Object.keys(hashFolder(folder)), Object.keys(FILES));
  t.throws(() => hashFile(pipe), { name: 'InputError', message: new RegExp(`^${basename(pipe)}: wanted a file`) });
});
