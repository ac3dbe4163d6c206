'use strict';

// `npm run reproduce:llm`: makes everything ready, then freezes and runs a study of a language model:
//
//   npm run reproduce:llm                        the embedded model's, every arm, three seeds
//   npm run reproduce:llm -- --model smollm2     SmolLM2's, with the authors' data: SOO_UPSTREAM or --data
//   npm run reproduce:llm -- --model paper       the paper's, on a GPU
//
// SOO_MODEL names a folder, a GGUF file or a model of the hub in the place of the study's own. All else goes to
// `soo study run`; results go to results/llm/<study> unless --out names another folder, and are gone on with.

const fs = require('node:fs');
const path = require('node:path');
const { handOver } = require('./hand-over');
const { ROOT, whenReady } = require('./ready');

const STUDIES = path.join(ROOT, 'experiments', 'studies');

/** Takes `--name value` or `--name=value` out of a list of arguments. */
function taken(args, name, fallback) {
  const at = args.findIndex((argument) => argument === name || argument.startsWith(`${name}=`));
  if (at < 0) return fallback;
  const [given] = args.splice(at, args[at] === name ? 2 : 1).slice(-1);
  return given.startsWith(`${name}=`) ? given.slice(name.length + 1) : given;
}

/** What `soo study freeze` and `soo study run` are given. @throws for a study that does not ship, and without its data */
function callsOf(given, env = process.env) {
  const rest = [...given];
  const study = taken(rest, '--model', 'organism');
  const file = path.join(STUDIES, `${study}.yaml`);
  if (!fs.existsSync(file)) {
    const names = fs.readdirSync(STUDIES).map((name) => path.basename(name, '.yaml'));
    throw new Error(
      `--model must be a study of experiments/studies (${names.join(', ')}), got ${JSON.stringify(study)}`,
    );
  }
  const out = taken(rest, '--out', path.join('results', 'llm', study));
  const data = taken(rest, '--data', env.SOO_UPSTREAM);
  if (data === undefined && study !== 'organism') {
    throw new Error(
      `${study}: the authors' data is wanted: SOO_UPSTREAM or --data must name the folder of their pickles`,
    );
  }
  const shared = [file, '--out', out];
  if (data !== undefined) shared.push('--data', data);
  if (env.SOO_MODEL) shared.push('--model', env.SOO_MODEL);
  // Once begun it can no longer be frozen.
  const begun = fs.existsSync(path.join(out, 'study.json'));
  return [...(begun ? [] : [['study', 'freeze', ...shared]]), ['study', 'run', ...shared, ...rest]];
}

async function reproduce() {
  let code = 0;
  for (const call of callsOf(process.argv.slice(2))) {
    code = await handOver([path.join(ROOT, 'bin', 'soo.js'), ...call]);
    if (code !== 0) return code;
  }
  return code;
}

module.exports = { callsOf };

if (require.main === module) whenReady(reproduce);
