'use strict';

// Agents of the small world: short trainings and fine-tunings by their tensors, and what is measured of them.

const fs = require('node:fs');
const path = require('node:path');
const { hashesOfTensors, record, recordOfLines, sha256 } = require('./digest');

const TRAJECTORIES = path.resolve(__dirname, '..', '..', 'test', 'rl', 'trajectories.json');

const SMALL = { episodes: 40, worlds: 10, batch: 32 };
const TRAININGS = {
  deceptive: { reward: 'deceptive', ...SMALL },
  deceptive2: { reward: 'deceptive', ...SMALL, seed: 2, stepsPerRound: 50, noiseEpisodes: 20 },
  honest: { reward: 'honest', ...SMALL },
  follower: { reward: 'honest', ...SMALL, seed: 3, opponent: 'follower' },
  upstream: { reward: 'deceptive', ...SMALL, episodes: 8, preset: 'upstream', seed: 4 },
};
const FINETUNINGS = {
  tuned: { from: 'deceptive', episodes: 40 },
  tunedActions: { from: 'deceptive', episodes: 20, overlap: 'action', flagsZeroed: 'both', freezeOpponent: true },
  tunedUpstream: { from: 'upstream', episodes: 4, preset: 'upstream', noRl: true },
};

function folderRecord(folder, places) {
  return {
    tensors: hashesOfTensors(path.join(folder, 'agents.safetensors')),
    episodes: recordOfLines(path.join(folder, 'episodes.jsonl'), places),
  };
}

/** World steps from the starts and actions of upstream's episodes. */
async function replays(commandLine, folder) {
  const records = {};
  for (const reward of ['deceptive', 'honest']) {
    const out = path.join(folder, `replay-${reward}.json`);
    await commandLine.json('replay', { in: TRAJECTORIES, out, reward });
    const { episodes } = JSON.parse(fs.readFileSync(out, 'utf8'));
    records[reward] = episodes.map(({ observations, rewards, trapped }) => ({
      observations: sha256(JSON.stringify(observations)),
      rewards: sha256(JSON.stringify(rewards)),
      trapped: sha256(JSON.stringify(trapped)),
    }));
  }
  return records;
}

async function agents(commandLine, folder) {
  const at = (...names) => path.join(folder, ...names);
  const json = async (command, flags) => record(await commandLine.json(command, { threads: 1, ...flags }), [folder]);
  const records = { trained: {}, tuned: {}, measured: {} };
  for (const [name, flags] of Object.entries(TRAININGS)) {
    const told = await json('train', { ...flags, out: at(name) });
    records.trained[name] = { told, ...folderRecord(at(name), [folder]) };
  }
  for (const [name, { from, ...flags }] of Object.entries(FINETUNINGS)) {
    const told = await json('finetuneAgents', { ...flags, from: at(from), out: at(name) });
    const control = fs.existsSync(at(name, 'control')) ? folderRecord(at(name, 'control'), [folder]) : null;
    records.tuned[name] = { told, ...folderRecord(at(name), [folder]), control };
  }
  const few = { episodes: 20, seeds: [3, 5] };
  const pair = { deceptive: at('deceptive'), honest: at('honest') };
  records.measured = {
    own: await json('evaluate', { agent: at('deceptive'), ...few }),
    stranger: await json('evaluate', { agent: at('tuned'), opponent: at('deceptive2'), ...few }),
    follower: await json('evaluate', { agent: at('honest'), opponent: 'follower', ...few }),
    classified: await json('classify', { ...pair, episodes: 120, seeds: [1, 2] }),
    compared: await json('compare', { ...pair, tuned: at('tuned'), control: at('tuned', 'control'), ...few }),
  };
  records.replayed = await replays(commandLine, folder);
  return records;
}

module.exports = { agents };
