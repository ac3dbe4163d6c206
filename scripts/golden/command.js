'use strict';

// The command line as golden records call it: the one place to change when a command or a flag gets another name. Each
// has its spellings, newest first, as records are taken of checkouts from before and after; --help tells which holds.

const fs = require('node:fs');
const path = require('node:path');
const { runCommand } = require('../run-command');

const COMMANDS = {
  finetune: ['finetune'],
  demo: ['demo'],
  generate: ['generate'],
  logits: ['logits'],
  latent: ['latent'],
  train: ['rl train'],
  finetuneAgents: ['rl finetune'],
  replay: ['rl replay'],
  evaluate: ['rl evaluate'],
  classify: ['rl classify'],
  compare: ['rl compare'],
};

/** Flags that are no longer, or not everywhere, called by their own name in kebab-case. */
const FLAGS = {
  // seeds: ['--new-name', '--seeds'],
};

const kebab = (name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** `soo` of the built checkout in `root`, with one thread in every process. */
class CommandLine {
  constructor(root) {
    this.root = root;
    const { bin, main } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
    this.program = path.join(root, bin.soo);
    this.entry = path.join(root, main);
    if (!fs.existsSync(this.entry)) throw new Error(`${root}: not built yet: run \`npm run build\` there`);
    this.helps = new Map();
  }

  /** What it prints on stdout, as JSON. `flags`: true for one without a value, an array for several values. */
  async json(command, flags) {
    const { code, stdout, output } = await this.run(await this.argumentsOf(command, { ...flags, json: true }));
    if (code !== 0) throw new Error(`soo ${command} ended with ${code}: ${output.trim()}`);
    return JSON.parse(stdout);
  }

  run(args) {
    const env = { ...process.env, OMP_NUM_THREADS: '1' };
    return runCommand(process.execPath, [this.program, ...args], { cwd: this.root, env });
  }

  async argumentsOf(command, flags) {
    const words = (await this.spelling([], COMMANDS[command])).split(' ');
    const args = [...words];
    for (const [name, value] of Object.entries(flags)) {
      if (value === undefined) continue;
      args.push(await this.spelling(words, FLAGS[name] ?? [kebab(name)]));
      if (value !== true) args.push(...[value].flat().map(String));
    }
    return args;
  }

  /** The first of `spellings` that this checkout knows. */
  async spelling(words, spellings) {
    for (const spelling of spellings.slice(0, -1)) {
      const known = spelling.startsWith('-')
        ? (await this.help(words)).includes(`${spelling} `)
        : (await this.run([...spelling.split(' '), '--help'])).code === 0;
      if (known) return spelling;
    }
    return spellings.at(-1);
  }

  async help(words) {
    const key = words.join(' ');
    if (!this.helps.has(key)) this.helps.set(key, (await this.run([...words, '--help'])).stdout);
    return this.helps.get(key);
  }
}

module.exports = { CommandLine };
